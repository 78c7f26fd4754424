"""
Questions put to customers: which are open, how far they have been followed up, and what was answered.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from orderpipe.domain.ladder import OnSilence, Progress, QueryPolicy, Rung, other_channel
from orderpipe.domain.notices import Channel
from orderpipe.domain.rules import LineToCheck
from orderpipe.store import notifications, query_policies
from orderpipe.store.metadata import Tx, as_json, text

ASKING = ("question", "question-reminder", "office-question-unanswered")
"""The kinds of letter that nobody is to get once the question is answered or no longer matters."""

_LADDER = ("asked_at", "reminded_at", "repeated_at", "escalated_at", "next_at", "silence_at", "on_silence")
_NOTED = {
    Rung.ASK: "asked_at", Rung.REMIND: "reminded_at", Rung.OTHER: "repeated_at", Rung.CALL: "escalated_at",
    Rung.CALL_AGAIN: "escalated_at", Rung.SILENCE: "escalated_at",
}


@dataclass(frozen=True, slots=True)
class OpenQuery:
    """
    A question that is still without an answer, and how it is followed up (UTC).

    `silent` is what the customer was told that silence means; `told` whether a reminder that says so has gone out. `due_at` is when the
    next rung is due, None at once; `other` the channel by which nobody has written yet.
    """

    id: int
    order_id: int
    shop_id: int
    type: str
    doubts: Sequence[Mapping[str, Any]]
    customer: Mapping[str, str]
    round: int
    progress: Progress
    due_at: datetime | None
    silent: OnSilence
    told: bool
    other: Channel | None
    policy: QueryPolicy

    @property
    def contact(self) -> str:
        """How the customer can be reached, all of it."""
        return ", ".join(self.customer[name] for name in ("name", "phone", "email") if self.customer.get(name))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a customer was asked, how far that is (`open`, `answered`, `closed`), what silence means from when, and how the order stands."""

    order_id: int
    doubts: Sequence[Mapping[str, Any]]
    state: str
    order_state: str
    language: str
    silence_at: datetime | None
    on_silence: str | None


_OPEN = f"""SELECT q.id, q.order_id, o.shop_id, o.type, q.doubts, o.customer, q.round, q.asked_at, q.reminded_at, q.repeated_at,
        q.escalated_at, q.silence_at, q.next_at, coalesce(q.on_silence, 'wait') AS silent,
        coalesce(nullif(o.ship_to ->> 'country', ''), s.country) AS country,
        (SELECT n.channel FROM notification n WHERE n.order_id = q.order_id AND n.kind = 'question' ORDER BY n.id DESC LIMIT 1) AS asked_by,
        EXISTS (SELECT FROM notification n WHERE n.order_id = q.order_id AND n.kind = 'question-reminder' AND n.state = 'sent'
            AND n.created_at >= q.reminded_at AND n.facts ->> 'on_silence' = q.on_silence) AS told,
        {", ".join(f"policy.{name} AS policy_{name}" for name in query_policies.COLUMNS)}
    FROM query q JOIN orders o ON o.id = q.order_id JOIN shop s ON s.id = o.shop_id {query_policies.CHOSEN}
    WHERE q.state = 'open'"""


def open_of(tx: Tx, order_ids: Collection[int]) -> list[OpenQuery]:
    """The open questions of these orders."""
    rows = tx.execute(text(f"{_OPEN} AND q.order_id = ANY(:ids) ORDER BY q.order_id"), {"ids": list(order_ids)})
    return [_open_query(dict(row)) for row in rows.mappings()]


def open_query(tx: Tx, query_id: int) -> OpenQuery | None:
    """The question of this id while it is open."""
    row = tx.execute(text(f"{_OPEN} AND q.id = :id"), {"id": query_id}).mappings().one_or_none()
    return _open_query(dict(row)) if row else None


def _open_query(row: Mapping[str, Any]) -> OpenQuery:
    policy = query_policies.policy_of({name: row[f"policy_{name}"] for name in query_policies.COLUMNS})
    asked_by = Channel(row["asked_by"] or Channel.EMAIL)
    other = other_channel(asked_by, row["customer"], row["country"]) if policy.other_channel_after else None
    progress = Progress(
        row["asked_at"], row["reminded_at"], row["repeated_at"], row["escalated_at"], other is not None, row["silence_at"]
    )
    return OpenQuery(
        row["id"], row["order_id"], row["shop_id"], row["type"], row["doubts"], row["customer"], row["round"], progress, row["next_at"],
        OnSilence(row["silent"]), row["told"], other, policy,
    )


def order_of_query(tx: Tx, query_id: int) -> int | None:
    """The order a question belongs to."""
    return tx.execute(text("SELECT order_id FROM query WHERE id = :id"), {"id": query_id}).scalar()


def of_old_link(tx: Tx, token: str) -> int | None:
    """The question behind a link of a letter written before links were sealed."""
    return tx.execute(text("SELECT id FROM query WHERE token = :token"), {"token": token}).scalar()


def asked(tx: Tx, query_id: int) -> Asked | None:
    """What the customer was asked with this question."""
    row = tx.execute(
        text("""SELECT q.order_id, q.doubts, q.state, o.state, coalesce(nullif(o.language, ''), s.language), q.silence_at, q.on_silence
            FROM query q JOIN orders o ON o.id = q.order_id JOIN shop s ON s.id = o.shop_id WHERE q.id = :id"""),
        {"id": query_id},
    ).one_or_none()
    return None if row is None else Asked(*row)


@dataclass(frozen=True, slots=True)
class Followed:
    """A rung that was taken of a question, when the next is due, and what silence means from when on (UTC)."""

    query_id: int
    rung: Rung
    next_at: datetime
    silence_at: datetime | None
    silent: OnSilence


def follow(tx: Tx, followed: Sequence[Followed], now: datetime) -> None:
    """Note the rungs that were taken."""
    noted = ", ".join(
        f"{column} = CASE WHEN u.noted = '{column}' THEN CAST(:now AS timestamptz) ELSE q.{column} END" for column in _LADDER[:4]
    )
    tx.execute(
        text(f"""UPDATE query q SET {noted}, next_at = u.next_at, silence_at = u.silence_at, on_silence = u.silent
            FROM unnest(CAST(:ids AS bigint[]), CAST(:noted AS text[]), CAST(:next_ats AS timestamptz[]),
                CAST(:silence_ats AS timestamptz[]), CAST(:silents AS text[])) AS u (id, noted, next_at, silence_at, silent)
            WHERE q.id = u.id"""),
        {
            "now": now, "ids": [one.query_id for one in followed], "noted": [_NOTED[one.rung] for one in followed],
            "next_ats": [one.next_at for one in followed], "silence_ats": [one.silence_at for one in followed],
            "silents": [one.silent.value for one in followed],
        },
    )


def skip_reminder(tx: Tx, order_ids: Collection[int], now: datetime) -> list[int]:
    """Let what comes after the reminder be due at once, for the orders whose questions have been asked and not yet escalated."""
    rows = tx.execute(
        text("""UPDATE query SET reminded_at = coalesce(reminded_at, :now), next_at = :now
            WHERE order_id = ANY(:ids) AND state = 'open' AND asked_at IS NOT NULL AND escalated_at IS NULL RETURNING order_id"""),
        {"ids": list(order_ids), "now": now},
    )
    return [row.order_id for row in rows]


def merge(tx: Tx, doubts: Mapping[int, Sequence[Mapping[str, Any]]]) -> frozenset[int]:
    """
    What is in doubt now, by order, takes the place of what the orders' open questions ask.

    Where that is more than was asked, all of it is to be asked anew in one message, and what has not gone out of the old is taken back;
    returns those orders.
    """
    anew = ", ".join(f"{column} = CASE WHEN q.doubts @> u.doubts THEN q.{column} END" for column in _LADDER)
    rows = tx.execute(
        text(f"""UPDATE query q SET doubts = u.doubts, {anew}, round = q.round + (NOT q.doubts @> u.doubts)::int
            FROM unnest(CAST(:ids AS bigint[]), CAST(:doubts AS jsonb[])) AS u (order_id, doubts)
            WHERE q.order_id = u.order_id AND q.state = 'open' AND q.doubts <> u.doubts
            RETURNING q.order_id, q.asked_at IS NULL AS anew"""),
        {"ids": list(doubts), "doubts": [as_json(list(some)) for some in doubts.values()]},
    ).all()
    again = frozenset(row.order_id for row in rows if row.anew)
    if again:
        notifications.withdraw(tx, again, ASKING, reason="More is asked in a newer letter.")
    return again


def due_now(tx: Tx, query_ids: Collection[int], now: datetime) -> None:
    """The next rung of these questions is taken at once."""
    tx.execute(text("UPDATE query SET next_at = :now WHERE id = ANY(:ids)"), {"ids": list(query_ids), "now": now})


State = Literal["answered", "closed"]


def settle(tx: Tx, answers: Mapping[int, object], *, state: State, by: str, how: str, now: datetime) -> None:
    """Close the orders' open questions, each with its answer, or without where it no longer matters; nobody is asked about it any more."""
    tx.execute(
        text("""UPDATE query q SET state = :state, answered_at = :now, answered_by = :by, answered_how = nullif(:how, ''),
                answer = u.answer, next_at = NULL
            FROM unnest(CAST(:ids AS bigint[]), CAST(:answers AS jsonb[])) AS u (order_id, answer)
            WHERE q.order_id = u.order_id AND q.state = 'open'"""),
        {
            "ids": list(answers), "answers": [as_json(one) for one in answers.values()], "state": state, "now": now, "by": by, "how": how,
        },
    )
    notifications.withdraw(tx, answers, ASKING, reason="The question is settled.")


def amend(
    tx: Tx, order_id: int, *, customer: Mapping[str, str], ship_to: Mapping[str, str] | None, payment_method: str, total: object,
    requested_on: date | None,
) -> None:
    """Write the order's head as the customer has now given it."""
    tx.execute(
        text("""UPDATE orders SET customer = CAST(:customer AS jsonb), ship_to = CAST(:ship_to AS jsonb),
            payment_method = :payment_method, total = :total, requested_on = :requested_on WHERE id = :id"""),
        {
            "id": order_id, "customer": as_json(dict(customer)), "ship_to": as_json(dict(ship_to)) if ship_to else None,
            "payment_method": payment_method, "total": total, "requested_on": requested_on,
        },
    )


def amend_lines(tx: Tx, order_id: int, lines: Sequence[LineToCheck]) -> None:
    """Write the order's lines as the customer has now given them; a line that is no longer wanted goes. Before allocation only."""
    tx.execute(
        text("DELETE FROM order_line WHERE order_id = :id AND number <> ALL(CAST(:numbers AS int[]))"),
        {"id": order_id, "numbers": [line.number for line in lines]},
    )
    tx.execute(
        text("""UPDATE order_line l SET sku = u.sku, quantity = u.quantity, canceled = least(l.canceled, greatest(u.quantity, 0)),
                unit_price = coalesce(u.unit_price, CASE WHEN u.sku <> l.sku THEN p.price END),
                kind = coalesce(p.kind, l.kind), description = coalesce(nullif(u.description, ''), p.description, '')
            FROM unnest(CAST(:numbers AS int[]), CAST(:skus AS text[]), CAST(:quantities AS int[]), CAST(:prices AS numeric[]),
                CAST(:descriptions AS text[])) AS u (number, sku, quantity, unit_price, description)
            JOIN orders o ON o.id = :id LEFT JOIN product p ON p.shop_id = o.shop_id AND p.sku = u.sku
            WHERE l.order_id = :id AND l.number = u.number"""),
        {
            "id": order_id, "numbers": [line.number for line in lines], "skus": [line.sku for line in lines],
            "quantities": [line.quantity for line in lines], "prices": [line.unit_price for line in lines],
            "descriptions": [line.description for line in lines],
        },
    )
