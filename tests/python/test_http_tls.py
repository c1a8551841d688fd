"""Trust: whom both clients accept, what they show of themselves, and what they say when it fails.

The files in `certificates` are valid until 2120, but for the expired one. One authority has signed them.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from katydid.locust.clients import HttpSession
from katydid.locust.contrib.fasthttp import FastHttpSession
from katydid.locust.event import EventHook

FILES = Path(__file__).parent / "certificates"
AUTHORITY = str(FILES / "authority.pem")
CLIENT = str(FILES / "client.pem")


pytestmark = pytest.mark.usefixtures("limit")


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Starts servers that answer over TLS; gives their URLs."""
    listeners: list[socket.socket] = []

    def start(certificate: str, asks_for_client: bool = False, newest: Any = None) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if newest:
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
            context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(FILES / certificate)
        if asks_for_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(AUTHORITY)
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=accept, args=(listener, context), daemon=True).start()
        return f"https://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def accept(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(connection, context), daemon=True).start()


def answer(connection: socket.socket, context: ssl.SSLContext) -> None:
    try:
        with context.wrap_socket(connection, server_side=True) as secure:
            while secure.recv(65536):
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except OSError:
        connection.close()


class Heard:
    """The event of the latest request."""

    def __init__(self) -> None:
        self.hook = EventHook()
        self.last: dict[str, Any] = {}
        self.hook.add_listener(lambda **event: self.last.update(event))

    @property
    def text(self) -> str:
        return repr(self.last["exception"])


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture(params=["native", "requests"])
def plain(request: pytest.FixtureRequest, heard: Heard) -> Callable[[str], HttpSession]:
    def make(url: str) -> HttpSession:
        session = HttpSession(url, heard.hook, None)
        session.trust_env = False
        if request.param == "requests":
            session.hooks["response"].append(lambda response, **kwargs: response)
        return session

    return make


def failed(reason: str) -> str:
    return f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {reason}"


UNTRUSTED = [
    ("good.pem", True, failed("unable to get local issuer certificate")),
    ("expired.pem", AUTHORITY, failed("certificate has expired")),
    ("elsewhere.pem", AUTHORITY, failed("IP address mismatch, certificate is not valid for '127.0.0.1'.")),
]


@pytest.mark.parametrize(("certificate", "verify", "text"), UNTRUSTED)
def test_certificates_that_are_refused(serve, plain, heard, certificate, verify, text):
    response = plain(serve(certificate)).get("/x", verify=verify)
    # Python's own error goes on with the place in its C source, which differs from one version to the next
    assert heard.text == f"SSLError(SSLCertVerificationError(1, {text!r}))"
    assert type(response.error).__name__ == "SSLError"
    assert "Max retries exceeded with url: /x" in str(response.error)


def test_who_is_accepted(serve, plain, heard):
    session = plain(serve("good.pem"))
    assert session.get("/x", verify=AUTHORITY).text == "ok"
    assert session.get("/x", verify=False).text == "ok"
    session.verify = AUTHORITY
    assert session.get("/x").text == "ok"
    session.verify = True
    session.get("/x")
    assert "unable to get local issuer" in heard.text


def test_a_certificate_of_the_client(serve, plain, heard):
    session = plain(serve("good.pem", asks_for_client=True))
    session.verify = AUTHORITY
    session.get("/x")
    assert heard.last["exception"] is not None
    assert session.get("/x", cert=CLIENT).text == "ok"
    session.cert = (CLIENT, CLIENT)
    assert session.get("/x").text == "ok"


MISSING = [
    ({"verify": "/no/such"}, "Could not find a suitable TLS CA certificate bundle, invalid path: /no/such"),
    ({"cert": "/no/such"}, "Could not find the TLS certificate file, invalid path: /no/such"),
    ({"cert": (CLIENT, "/no/such")}, "Could not find the TLS key file, invalid path: /no/such"),
]


@pytest.mark.parametrize(("settings", "text"), MISSING)
def test_files_that_are_missing(serve, plain, settings, text):
    session = plain(serve("good.pem"))
    with pytest.raises(OSError, match=text):
        session.get("/x", **settings)
    for name, value in settings.items():
        setattr(session, name, value)
    with pytest.raises(OSError, match=text):
        session.get("/x")


def fast(url: str, heard: Heard, **settings: Any) -> FastHttpSession:
    return FastHttpSession(url, heard.hook, None, max_retries=0, **settings)


def test_a_fast_user_accepts_everybody_unless_told_otherwise(serve, heard):
    assert fast(serve("expired.pem"), heard).get("/x").text == "ok"
    fast(serve("good.pem"), heard, insecure=False).get("/x")
    assert heard.text == f"SSLCertVerificationError(1, {failed('unable to get local issuer certificate')!r})"
    assert heard.last["exception"].verify_code == 20


def test_what_a_context_factory_loads_is_used(serve, heard):
    def strict() -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=AUTHORITY)
        context.load_cert_chain(CLIENT)
        return context

    def lenient() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    url = serve("good.pem", asks_for_client=True)
    assert fast(url, heard, ssl_context_factory=strict).get("/x").text == "ok"
    fast(serve("expired.pem"), heard, ssl_context_factory=strict).get("/x")
    assert "certificate has expired" in heard.text
    assert fast(serve("expired.pem"), heard, ssl_context_factory=lenient).get("/x").text == "ok"
    assert "load_cert_chain" not in vars(ssl.SSLContext)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_of_tls_are_refused_whatever_a_context_allows(serve, heard):
    def permissive() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        return context

    old = serve("good.pem", newest=ssl.TLSVersion.TLSv1_1)
    with socket.create_connection(("127.0.0.1", int(old.rpartition(":")[2]))) as plain_socket:
        assert permissive().wrap_socket(plain_socket).version() == "TLSv1.1"
    assert fast(old, heard, ssl_context_factory=permissive).get("/x").status_code == 0
    assert heard.text.startswith("SSLError(")
    new = serve("good.pem", newest=ssl.TLSVersion.TLSv1_2)
    assert fast(new, heard, ssl_context_factory=permissive).get("/x").text == "ok"


def test_redirects_from_one_scheme_to_the_other(serve, plain, heard):
    from scripted import Server
    from scripted import answer as reply

    secure = serve("good.pem")
    server = Server(lambda request, peer: reply("302 Go", b"", f"Location: {secure}/there"))
    session = plain(server.url)
    session.verify = AUTHORITY
    assert session.get("/here").url == f"{secure}/there"
    assert fast(server.url, heard).get("/here").text == "ok"
    server.close()
