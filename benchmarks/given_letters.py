"""
orderpipe's workers with letters that need not be written: the first of each kind is, and goes out again for all others.

So it is seen what the pipeline takes without rendering. Run as `celery -A benchmarks.given_letters worker`.
"""

from collections.abc import Callable
from functools import lru_cache, partial

from orderpipe.channels.email import write_mail
from orderpipe.channels.outlets import Outlet, Parcel, Sink
from orderpipe.domain.notices import Leased, Order
from workers import send
from workers.celery_app import app

__all__ = ["app"]


def _given(channel: str, *, mail_from: str, **_: str) -> Outlet:
    write = partial(write_mail, default_from=mail_from)
    return Sink(write if channel == "sms" else _first_of_each_kind(write))


def _first_of_each_kind(write: Callable[[Leased, Order], Parcel]) -> Callable[[Leased, Order], Parcel]:
    written: dict[str, Parcel] = {}

    def given(notice: Leased, order: Order) -> Parcel:
        if notice.kind not in written:
            written[notice.kind] = write(notice, order)
        return written[notice.kind]

    return given


send.open_outlet = _given  # type: ignore[attr-defined]  # the sender opens its way out through this name
send.keep = lru_cache(maxsize=10)(send.keep)  # given as they are kept, as the floor is given them
