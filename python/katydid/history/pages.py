"""How are stored runs looked at without a run? By a server of their pages alone.

`katydid history` serves them until it is told to end. The server is that of the page, with all its guards.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from katydid import _core

_EXIT_FINE = 0
_EXIT_USAGE = 2
_LOOPBACK = "127.0.0.1"
_PORT = 8090
"""Beside the page of a run, which is at 8089."""
_LAST_PORT = 65535


def pages_main(argv: Sequence[str]) -> int:
    """Serve the pages as the arguments say, until SIGINT or SIGTERM. Returns the exit code."""
    options = _parser().parse_args(argv)
    ends = {signal.SIGINT, signal.SIGTERM}
    # Blocked before the server's threads begin, which inherit it: the signal waits until it is asked for.
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    try:
        server = _served(options)
    except (OSError, ValueError) as fault:
        print(f"katydid history: error: {fault}", file=sys.stderr)
        return _EXIT_USAGE
    host = options.web_host or "localhost"
    scheme = "https" if options.tls_cert else "http"
    address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.port}"
    print(f"stored runs at {address}{options.web_base_path.rstrip('/')}/history, Ctrl-C ends it", flush=True)
    if _is_open(options):
        print(
            f"whoever reaches port {server.port} can read and delete stored runs: ask for a password with "
            "--web-auth user:password",
            file=sys.stderr,
            flush=True,
        )
    signal.sigwait(ends)
    server.stop()
    return _EXIT_FINE


def _served(options: argparse.Namespace) -> _core.Control:
    """The server, with a store that can be read.

    Raises:
        ValueError: the store is none, or no address of one.
        OSError: the store cannot be opened, or the address cannot be listened on.
    """
    if not 0 <= options.web_port <= _LAST_PORT:
        raise ValueError(f"--web-port {options.web_port}: ports go from 0 to {_LAST_PORT}")
    if _core.history_check(options.store, None) is None:
        raise ValueError("--store none keeps no runs: give the path or the URL of a store")
    server = _core.Control(
        host=options.web_host,
        port=options.web_port,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
        base_path=options.web_base_path,
        basic_auth=options.web_auth,
        bearer_tokens=_words(options.web_token),
        allowed_hosts=_words(options.web_allowed_hosts),
        page=options.build_path,
        history_only=True,
    )
    server.offer_store(options.store)
    return server


def _is_open(options: argparse.Namespace) -> bool:
    """Can other machines reach it without showing who they are?"""
    host = options.web_host
    is_local = host in ("localhost", "::1") or host.startswith("127.")
    return not is_local and not (options.web_auth or options.web_token)


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "katydid history",
        description="Serve pages about the stored runs: a list, one run, two runs compared.",
    )

    def add(option: str, metavar: str, variable: str, says: str) -> None:
        """An option that a variable gives as well."""
        default = os.environ.get(variable)
        parser.add_argument(option, metavar=metavar, default=default, help=f"{says}. Also: {variable}")

    add("--store", "PATH|URL", "KATYDID_STORE", "where runs are stored")
    parser.add_argument(
        "--web-host",
        metavar="ADDRESS",
        default=_LOOPBACK,
        help="address to listen on. Default: %(default)s, this machine alone",
    )
    parser.add_argument(
        "-P",
        "--web-port",
        type=int,
        metavar="PORT",
        default=_PORT,
        help="port to listen on, 0 for a free one. Default: %(default)s",
    )
    parser.add_argument("--web-base-path", metavar="PATH", default="", help="path below which it is served")
    add("--web-auth", "USER:PASSWORD", "LOCUST_BASIC_AUTH", "ask for this password")
    add(
        "--web-token",
        "TOKENS",
        "KATYDID_WEB_TOKEN",
        "tokens that programs may show instead, with commas between them",
    )
    parser.add_argument(
        "--web-allowed-hosts", metavar="NAMES", help="further names of the server, behind a proxy"
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="certificate to serve HTTPS with")
    parser.add_argument("--tls-key", metavar="FILE", help="its key")
    parser.add_argument("--build-path", metavar="FOLDER", help="a page to serve in place of the built-in one")
    return parser
