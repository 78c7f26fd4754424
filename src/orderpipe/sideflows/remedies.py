"""
Remedies are set going here: a replacement order in the fast lane, a parcel sent again, money given back or credited, or an apology.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderpipe.domain.cases import Case, Pieces
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import Contact, DraftLine, OrderDraft, number_of, public_id
from orderpipe.domain.remedies import MONEY, Means, Remedy, RemedyKind, RemedyRefused, check, check_pieces
from orderpipe.intake.outcomes import Received, Recorded
from orderpipe.intake.record import record
from orderpipe.settings import settings
from orderpipe.sideflows import office
from orderpipe.sideflows.hints import Hint
from orderpipe.store import journal, payments, refunds, replacements
from orderpipe.store.journal import Entry
from orderpipe.store.metadata import Tx
from orderpipe.store.refunds import Refund
from orderpipe.store.replacements import Original
from orderpipe.store.telling import tell


@dataclass(frozen=True, slots=True)
class Applied:
    """The remedies as they stand in the case, and what may go on."""

    documents: tuple[dict[str, Any], ...]
    hints: tuple[Hint, ...]


def apply(tx: Tx, case: Case, chosen: Sequence[Remedy], *, by: str, now: datetime) -> Applied:
    """Set the remedies of a case going; the caller holds its order's lock. Raises RemedyRefused, DecisionRefused; then undo it all."""
    if not chosen:
        return Applied((), ())
    original, account = replacements.original(tx, case.order_id), payments.accounts(tx, [case.order_id])[case.order_id]
    means = Means(original.pieces, account.paid - refunds.open_amount(tx, case.order_id), original.currency)
    check(chosen, means)
    documents, hints = list[dict[str, Any]](), list[Hint]()
    for place, one in enumerate(chosen, len(case.remedies) + 1):
        document: dict[str, Any] = {"kind": one.kind, "by": by, "at": now, "reference": f"{case.number}/{place}"}
        if one.amount is not None:
            document |= {"amount": one.amount, "currency": original.currency}
        if one.kind == RemedyKind.REPLACEMENT:
            document["order"], hint = _replace(tx, case, one.lines, original, reference=document["reference"], by=by, now=now)
            hints.append(hint)
        if one.kind == RemedyKind.REDELIVERY:
            hints += office.decide(tx, case.order_id, office.Decision.RESEND, by=by, now=now).hints
        documents.append(document)
    _instruct(tx, case, documents, by=by, now=now)
    return Applied(tuple(documents), tuple(hints))


def _replace(
    tx: Tx, case: Case, lines: Sequence[Pieces], original: Original, *, reference: str, by: str, now: datetime
) -> tuple[str, Hint]:
    """An order of its own, for nothing, in the fast lane; returns its number."""
    wanted = lines or case.lines or [Pieces(number, pieces) for number, pieces in original.pieces.items() if pieces]
    check_pieces(wanted, original.pieces)
    said = {"case": case.number, "replaces": number_of(case.order_id), "lines": [asdict(one) for one in wanted]}
    draft = _draft(original, wanted, reference, note=f"Replaces order {said['replaces']} ({case.number}).")
    received = Received(case.shop_id, json.dumps(said).encode(), draft, "case", by, "case", source_id=reference)
    outcome = record(tx, [received], now)[0]
    if not isinstance(outcome, Recorded):
        raise RemedyRefused(f"The replacement cannot be ordered: {outcome}", 0, "replacement")
    replacements.link(tx, outcome.order_id, replaces=case.order_id, case_id=case.id)
    return number_of(outcome.order_id), Hint("validate", outcome.lane, [outcome.order_id])


def _draft(original: Original, wanted: Sequence[Pieces], reference: str, *, note: str) -> OrderDraft:
    contact = Contact(**{name: original.customer.get(name) or "" for name in Contact.__slots__})
    lines = tuple(
        DraftLine(original.lines[one.number][0], one.quantity, original.lines[one.number][2], Decimal(0)) for one in wanted
    )
    return OrderDraft(
        reference, contact, lines, type="express", channel="case", language=original.language, ship_to=original.ship_to,
        payment_method=original.payment_method, currency=original.currency, total=Decimal(0), note=note,
    )


def _instruct(tx: Tx, case: Case, documents: Sequence[dict[str, Any]], *, by: str, now: datetime) -> None:
    """Office and shop hear of money to be given back or credited, and under which reference that is done."""
    money = [one for one in documents if one["kind"] in MONEY]
    refunds.instruct(tx, [
        Refund(case.order_id, one["reference"], case.id, one["amount"], one["currency"], now, by, kind=one["kind"]) for one in money
    ])
    journal.write(tx, [
        Entry(case.order_id, f"{one['kind']}.due", note={
            "case": public_id("case", case.id), **{name: one[name] for name in ("reference", "amount", "currency")},
        })
        for one in money
    ], now=now, actor=by)
    tells = [
        (case.order_id, Tell(
            "office-remedy",
            {"case": case.number, "remedy": one["kind"], "amount": one["amount"], "reference": one["reference"]},
            f"office-remedy:{case.id}:{one['reference']}", Audience.OFFICE,
        ))
        for one in money
    ]
    tell(tx, tells, office=settings().office_email, by=by, now=now)
