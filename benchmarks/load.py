"""
Shops that send orders one by one over connections kept open, as fast as they are answered; a process of its own, and a cheap one.

Every request is made before the first is sent, and answers are only looked at as far as their status.
"""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count
from statistics import quantiles

from benchmarks.bench_shop import order_json

CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: how many of each status, seconds from the first request to the last answer, latencies in ms."""

    statuses: dict[str, int]
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def taken(self) -> int:
        """Orders taken down: those answered with 201."""
        return self.statuses.get("201", 0)

    @property
    def per_second(self) -> float:
        """Orders taken down per second."""
        return self.taken / self.seconds

    def __str__(self) -> str:
        return f"{self.per_second:,.0f}/s (p50 {self.p50_ms:.1f} ms, p99 {self.p99_ms:.1f} ms)"


class Requests:
    """What is to be sent by all connections together, and what was answered: a status and a latency (seconds) each."""

    def __init__(self, made: Sequence[bytes]) -> None:
        self.made = made
        self.next = count()
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.all_answered = asyncio.Event()


class Connection(asyncio.Protocol):
    """One connection: the next request goes out when the last was answered."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._answer = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Nothing is sent before all connections are open."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send_next(self) -> None:
        """Send what nobody has sent yet; without anything left the connection is done."""
        number = next(self._requests.next)
        if number < len(self._requests.made):
            self._sent_at = time.perf_counter()
            self._transport.write(self._requests.made[number])

    def data_received(self, data: bytes) -> None:
        """An answer, or a piece of one."""
        self._answer += data
        if not _is_whole(self._answer):
            return
        requests = self._requests
        requests.latencies.append(time.perf_counter() - self._sent_at)
        requests.statuses[self._answer[9:12].decode()] += 1
        self._answer = b""
        if len(requests.latencies) == len(requests.made):
            requests.all_answered.set()
        else:
            self.send_next()

    def connection_lost(self, _: Exception | None) -> None:
        """Waiting for more answers would take for ever."""
        self._requests.all_answered.set()


def _is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


def request(key: str, body: bytes) -> bytes:
    """One order as it goes over the wire."""
    head = f"POST /v1/orders HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def send(port: int, made: Sequence[bytes], connections: int = CONNECTIONS) -> Load:
    """Send all of it to this port of the loopback address."""
    requests, loop = Requests(made), asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda: Connection(requests), "127.0.0.1", port) for _ in range(connections)]
    begun = time.perf_counter()
    for _, protocol in opened:
        protocol.send_next()
    await requests.all_answered.wait()
    seconds = time.perf_counter() - begun
    for transport, _ in opened:
        transport.close()
    hundredths = quantiles(requests.latencies, n=100)
    return Load(dict(requests.statuses), seconds, hundredths[49] * 1000, hundredths[98] * 1000)


def main() -> None:
    """The command line; prints what came of it as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True, help="a shop's API key")
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--prefix", required=True, help="what the references begin with")
    chosen = parser.parse_args()
    made = [request(chosen.key, order_json(number, chosen.prefix)) for number in range(chosen.orders)]
    print(json.dumps(asdict(asyncio.run(send(chosen.port, made)))))


if __name__ == "__main__":
    main()
