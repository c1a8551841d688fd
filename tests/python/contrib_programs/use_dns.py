import sys

from observing import IS_OURS, finish, make_environment, step

import dns.message
from locust.contrib.dns import DNSClient, DNSUser

port = int(sys.argv[1])
user = type("Resolver", (DNSUser,), {})(make_environment())


def ask(question, function="udp", **others):
    query = dns.message.make_query(question, "A")
    # Only who waits for silence should wait briefly: a busy machine answers late.
    others = {"port": port, "timeout": 0.5 if question.startswith("silent") else 20, **others}
    return lambda: getattr(user.client, function)(query, "127.0.0.1", **others)


step("what it is", lambda: isinstance(user.client, DNSClient), value=True)
for kind in ("answered", "unknown", "empty", "cut", "silent"):
    step(kind, ask(f"{kind}.example"))
step("named", ask("answered.example", name="a name"))
step("wrong argument", lambda: user.client.udp("a text", "127.0.0.1", port=port))
step("no function", lambda: user.client.no_such_function)
if IS_OURS:
    step("refused", ask("answered.example", "tcp", port=1))
    step("with fallback", ask("answered.example", "udp_with_fallback"))
    query = dns.message.make_query("answered.example", "A")
    step("by keywords", lambda: user.client.udp(q=query, where="127.0.0.1", port=port, timeout=20))
finish()
