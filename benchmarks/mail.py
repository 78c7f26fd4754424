"""
Letters per second that one sender writes, hands in and records, compared with one SMTP connection a letter: plain, and under TLS.

Both sides are the product's own sender on the same pending letters and the same mail server, and take turns.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from shutil import which
from statistics import median

from benchmarks.bench_shop import open_shop, received
from benchmarks.stack import running_stack
from orderpipe.channels.email import MailOutlet
from orderpipe.channels.outlets import Outcome, Outlet, Parcel
from orderpipe.channels.smtp import MailServer
from orderpipe.domain.notices import Leased, Order
from orderpipe.intake.record import record
from orderpipe.local.child import Program
from orderpipe.local.ports import accepts_connections, free_port
from orderpipe.local.processes import Place
from orderpipe.store.database import Database

LETTERS = 2_000
"""Letters of one turn."""
ROUNDS = 5
GROUP = 200
SENDER = "orders@orderpipe.example"


class NotSent(Exception):
    """Some letters were not taken by the mail server, so the figures mean nothing."""


class OneConnectionEach:
    """The same way out, which says good-bye to the server after every letter."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def write(self, notice: Leased, order: Order, /) -> Parcel:
        """As ever."""
        return self._outlet.write(notice, order)

    def deliver(self, parcel: Parcel, /) -> Outcome:
        """Connect, hand it over, hang up."""
        try:
            return self._outlet.deliver(parcel)
        finally:
            self.close()

    def close(self) -> None:
        """Nothing is open but while a letter is handed over."""
        self._outlet.close()


def measure(orders: int | None = None) -> dict[str, float]:
    """`mail_per_s`, the same with a connection a letter, and the median of the rounds' ratios; again under TLS where openssl is there."""
    letters = orders or LETTERS
    with tempfile.TemporaryDirectory(prefix="orderpipe-bench-") as folder:
        certificate = _certificate(Path(folder))
        ports = {None: free_port()} | ({certificate: free_port()} if certificate else {})
        with running_stack(partial(_sinks, ports=ports)) as engine:
            with engine.begin() as tx:
                shop_id = open_shop(tx)
            post = partial(_turn, engine, shop_id, letters)
            figures = _compare("mail", f"smtp://127.0.0.1:{ports[None]}", post)
            if certificate:
                figures |= _compare("mail_tls", f"smtps://127.0.0.1:{ports[certificate]}?ca={certificate}", post)
    return figures


def _compare(name: str, url: str, turn: Callable[[Outlet, str], float]) -> dict[str, float]:
    server = MailServer.at(url)
    sides: Sequence[Outlet] = MailOutlet(server, SENDER), OneConnectionEach(MailOutlet(server, SENDER))
    for side in sides:
        turn(side, f"{name}-warm-up-{type(side).__name__}")
    rounds = [tuple(turn(side, f"{name}-{number}-{type(side).__name__}") for side in sides) for number in range(ROUNDS)]
    for kept, single in rounds:
        print(f"  {name}: {kept:,.0f} letters/s over a connection kept open, {single:,.0f} with one each", flush=True)
    return {
        f"{name}_per_s": round(median(kept for kept, _ in rounds)), f"{name}_single_per_s": round(median(single for _, single in rounds)),
        f"{name}_vs_single": round(median(kept / single for kept, single in rounds), 2),
    }


def _turn(engine: Database, shop_id: int, letters: int, outlet: Outlet, prefix: str) -> float:
    """Letters per second: acknowledgements of that many new orders, which are not part of the time."""
    from workers import send  # only now: it reads the settings when it is loaded

    for start in range(0, letters, GROUP):
        with engine.begin() as tx:
            record(tx, [received(shop_id, one, prefix) for one in range(start, min(start + GROUP, letters))], datetime.now(UTC))
    begun = time.perf_counter()
    report = send.drain(engine, "email", now=lambda: datetime.now(UTC), seconds=600, outlet=outlet)
    spent = time.perf_counter() - begun
    outlet.close()
    if report.sent != letters:
        raise NotSent(f"Of {letters} letters: {report}.")
    return letters / spent


def _sinks(place: Place, *, ports: dict[str | None, int]) -> list[Program]:
    words = {certificate: ("--certificate", certificate) if certificate else () for certificate in ports}
    return [
        Program(
            f"mail-sink-{port}", (sys.executable, "-m", "benchmarks.mail_sink", "--port", str(port), *words[certificate]),
            folder=place.folder, is_ready=partial(accepts_connections, port),
        )
        for certificate, port in ports.items()
    ]


def _certificate(folder: Path) -> str | None:
    """A certificate for the loopback address and its key, in one file; None where there is no openssl to make it."""
    if which("openssl") is None:
        print("  no openssl here: TLS is not measured", flush=True)
        return None
    file = str(folder / "sink.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out", file],
        check=True, capture_output=True,
    )  # fmt: skip
    return file
