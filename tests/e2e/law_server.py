"""A server with a known latency law: 20 ms, every tenth answer 80 ms.

usage: law_server.py

Prints its port, serves until its standard input closes, then prints what it really took for each answer,
from the request's arrival to the answer's departure, as one line of JSON (milliseconds).
"""

import asyncio
import json
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Law(asyncio.Protocol):
    """One connection."""

    served = 0
    took_ms: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"\r\n\r\n")):
            Law.served += 1
            delay = 0.080 if Law.served % 10 == 0 else 0.020
            asyncio.get_running_loop().call_later(delay, self.answer, time.perf_counter())

    def answer(self, arrived: float) -> None:
        self.transport.write(ANSWER)  # type: ignore[attr-defined]
        Law.took_ms.append((time.perf_counter() - arrived) * 1e3)


async def main() -> None:
    """Serves until the standard input closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Law, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps(Law.took_ms), flush=True)


asyncio.run(main())
