"""
How every report is put together: a relation of what is counted, each with its instant, shop, type and place, and figures over groups of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.domain.reports import NOT_OURS, By, Period, begin_of, zone_of
from orderpipe.store.metadata import Tx, text
from orderpipe.store.shops import Shop, list_shops


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a report: the days, now (UTC), one shop or all (None), one type or all (""), and the groups."""

    period: Period
    now: datetime
    shop_id: int | None = None
    type: str = ""
    by: tuple[By, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements call it."""
        return {
            "first": self.period.first, "after": self.period.after, "earliest": self.period.earliest, "latest": self.period.latest,
            "now": self.now, "shop": self.shop_id, "type": self.type, "theirs": list(NOT_OURS),
        }

    def places(self, shops: Sequence[Shop]) -> dict[str, Any]:
        """Those of the shops that are asked for, each with the instants that the period begins and ends at where it is."""
        asked = [(one, zone_of(one.time_zone)) for one in shops if self.shop_id in (None, one.id)]
        return {
            "places": [one.id for one, _ in asked], "codes": [one.code for one, _ in asked], "zones": [zone.key for _, zone in asked],
            "begins": [begin_of(self.period.first, zone) for _, zone in asked],
            "ends": [begin_of(self.period.after, zone) for _, zone in asked],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A table of figures: the columns, and the rows in their order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def documents(self) -> list[dict[str, Any]]:
        """Each row by its columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


# arrays and no table, so that processes can share the work; inlined, for the same reason
PLACE = """place AS NOT MATERIALIZED (SELECT * FROM unnest(CAST(:places AS bigint[]), CAST(:codes AS text[]), CAST(:zones AS text[]),
    CAST(:begins AS timestamptz[]), CAST(:ends AS timestamptz[])) AS u (id, code, time_zone, begins, ends))"""
"""The shops asked for, each with the instants that the period begins and ends at where it is."""

OURS = "(CAST(:shop AS bigint) IS NULL OR o.shop_id = :shop) AND (:type = '' OR o.type = :type)"
"""Which orders `o` are asked for."""

GROUPED: Mapping[By, str] = {
    By.DAY: "to_char(t.at AT TIME ZONE p.time_zone, 'YYYY-MM-DD')",
    By.WEEK: """to_char(t.at AT TIME ZONE p.time_zone, 'IYYY-"W"IW')""",
    By.MONTH: "to_char(t.at AT TIME ZONE p.time_zone, 'YYYY-MM')",
    By.SHOP: "p.code",
    By.TYPE: "t.type",
    By.LOCATION: "(SELECT l.code FROM location l WHERE l.id = t.location_id)",
    By.RULE: "t.rule",
}

COUNTED = "t JOIN place p ON p.id = t.shop_id WHERE t.at >= p.begins AND t.at < p.ends"
"""What of the relation `t` lies within the period."""


def groups(asked: Asked, own: Mapping[str, str]) -> dict[str, str]:
    """The columns that figures are grouped by, with their SQL: those asked for, then the report's `own`."""
    return {one.value: GROUPED[one] for one in asked.by} | dict(own)


def tabulate(
    tx: Tx, asked: Asked, *, relations: str, figures: Mapping[str, str], own: Mapping[str, str] | None = None, order: str = "",
    **more: Any,
) -> Report:
    """The figures of the relation `t`, which `relations` end with, by group; `order` sorts rows within what was asked to group by."""
    keys = groups(asked, own or {})
    named = ", ".join(f'{sql} AS "{name}"' for name, sql in {**keys, **figures}.items())
    grouped = f"GROUP BY {', '.join(str(place + 1) for place in range(len(keys)))}" if keys else ""
    sorting = [*(str(place + 1) for place in range(len(asked.by))), *([order] if order else []), *(f'"{name}"' for name in own or {})]
    ordered = f"ORDER BY {', '.join(sorting)}" if sorting else ""
    return ask(tx, asked, f"WITH {PLACE}, {relations} SELECT {named} FROM {COUNTED} {grouped} {ordered}", **more)


def ask(tx: Tx, asked: Asked, statement: str, **more: Any) -> Report:
    """What a statement answers, with the memory that grouping a year takes."""
    # a plan for whatever days, which a statement used often would get, is right for none
    tx.execute(text("SELECT set_config('work_mem', '64MB', true), set_config('plan_cache_mode', 'force_custom_plan', true)"))
    result = tx.execute(text(statement), asked.parameters | asked.places(list_shops(tx)) | more)
    return Report(tuple(result.keys()), tuple(tuple(row) for row in result))


def share(part: str, whole: str) -> str:
    """SQL for a share, to four places; NULL where there is nothing to divide."""
    return f"round(({part})::numeric / nullif({whole}, 0), 4)"

