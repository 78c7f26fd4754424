"""
Webhook endpoints as their shop sets them up, and what becomes of one that does not listen: it is disabled, and the office is told.

An address is judged when it is saved and again at each call, for what a name leads to may change.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderpipe.channels import webhook
from orderpipe.domain.addresses import Networks
from orderpipe.domain.decisions import Audience, Tell
from orderpipe.domain.orders import public_id
from orderpipe.domain.webhooks import BOTH_SECRETS, PATIENCE, Attempt, is_pattern, new_secret, pause_after, rest_after
from orderpipe.store import notifications, webhook_deliveries, webhooks
from orderpipe.store.metadata import Tx
from orderpipe.store.webhook_deliveries import Health
from orderpipe.store.webhooks import Registered

MOST_ENDPOINTS = 20
"""Endpoints that one shop can have."""

MOST_REPLAYED = 50_000
"""Events that one call sends again at most."""


class EndpointRefused(Exception):
    """The endpoint cannot be what was asked; `field` says which part of it is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class NoSuchEndpoint(LookupError):
    """There is no such webhook endpoint of this shop."""


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint and the secret it verifies with, which nobody can see again."""

    endpoint: Registered
    secret: str


def add(
    tx: Tx, shop_id: int, url: str, events: Sequence[str] = ("*",), *, description: str = "", allowed: Networks = (), now: datetime
) -> Made:
    """Register an endpoint; it is told what happens from now on. Raises EndpointRefused."""
    _check(url, events, allowed)
    if len(webhooks.listed(tx, shop_id)) >= MOST_ENDPOINTS:
        raise EndpointRefused("url", f"A shop has at most {MOST_ENDPOINTS} endpoints; remove one first.")
    secret = new_secret(secrets.token_bytes(32))
    return Made(webhooks.add(tx, shop_id, {"url": url, "events": list(events), "description": description}, secret, now), secret)


def change(
    tx: Tx, endpoint_id: int, changed: Mapping[str, Any], *, shop_id: int | None, allowed: Networks = (), now: datetime
) -> Registered:
    """Change `url`, `events`, `description` or `enabled`. Raises NoSuchEndpoint, EndpointRefused."""
    _check(changed.get("url"), changed.get("events"), allowed)
    get(tx, endpoint_id, shop_id)
    webhooks.change(tx, endpoint_id, {name: value for name, value in changed.items() if name != "enabled"})
    if changed.get("enabled") is True:
        webhooks.enable(tx, endpoint_id, now)
    elif changed.get("enabled") is False:
        webhooks.disable(tx, {endpoint_id: "It was switched off."}, now)
    return get(tx, endpoint_id, shop_id)


def _check(url: str | None, events: Sequence[str] | None, allowed: Networks) -> None:
    if events is not None and (wrong := [one for one in events if not is_pattern(one)] or ([] if events else ["none at all"])):
        raise EndpointRefused("events", f"Name events as order.validated, order.* or *; not {wrong[0]}.")
    try:
        if url is not None:
            webhook.check(url, allowed)
    except webhook.BadUrl as error:
        raise EndpointRefused("url", str(error)) from None


def get(tx: Tx, endpoint_id: int, shop_id: int | None) -> Registered:
    """The shop's endpoint (None: anybody's). Raises NoSuchEndpoint."""
    found = webhooks.read(tx, endpoint_id, shop_id)
    if found is None:
        raise NoSuchEndpoint(f"There is no webhook endpoint {public_id('webhook_endpoint', endpoint_id)} of this shop.")
    return found


def remove(tx: Tx, endpoint_id: int, shop_id: int | None) -> None:
    """Forget an endpoint and what went there. Raises NoSuchEndpoint."""
    get(tx, endpoint_id, shop_id)
    webhooks.remove(tx, endpoint_id)


def rotate(tx: Tx, endpoint_id: int, shop_id: int | None, now: datetime) -> Made:
    """A new secret; for two days messages are signed with the old one as well. Raises NoSuchEndpoint."""
    get(tx, endpoint_id, shop_id)
    secret = new_secret(secrets.token_bytes(32))
    webhooks.rotate(tx, endpoint_id, secret, now + BOTH_SECRETS)
    return Made(get(tx, endpoint_id, shop_id), secret)


def settle(tx: Tx, attempts: Sequence[Attempt], *, office: str, now: datetime) -> list[int]:
    """
    Write down what came of sending: what is tried again and when, which endpoint rests, and which is disabled.

    Returns the endpoints that were disabled; the office of their shop is told how to go on.
    """
    again = {one: pause_after(one.delivery.attempts + 1, one.delivery.event_id) for one in attempts if not one.arrived}
    webhook_deliveries.record(tx, [
        (one, now + pause if (pause := again.get(one)) else now if one.unwanted else None) for one in attempts
    ], now)
    last = {one.delivery.endpoint_id: one for one in sorted(attempts, key=lambda one: one.unwanted)}
    arrived = {one: any(each.arrived for each in attempts if each.delivery.endpoint_id == one) for one in last}
    health = webhook_deliveries.note_health(tx, arrived, now)
    rests = {one.endpoint_id: now + rest for one in health if not one.arrived and (rest := rest_after(one.failures))}
    webhook_deliveries.let_rest(tx, rests)
    gone = {one.delivery.endpoint_id for one in attempts if one.unwanted}
    return _give_up(tx, [one for one in health if one.endpoint_id in gone or _is_lost(one, now)], last, office=office, now=now)


def _is_lost(one: Health, now: datetime) -> bool:
    return one.failing_since is not None and now - one.failing_since >= PATIENCE


def _give_up(tx: Tx, lost: Sequence[Health], last: Mapping[int, Attempt], *, office: str, now: datetime) -> list[int]:
    why = {one.endpoint_id: _reason(last[one.endpoint_id]) for one in lost}
    disabled = webhooks.disable(tx, why, now)
    letters = [
        (order_id, Tell("office-webhook-disabled", {
            "endpoint": public_id("webhook_endpoint", one.endpoint_id), "url": one.url, "reason": why[one.endpoint_id],
            "since": one.failing_since or now, "disabled_at": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }, f"office-webhook-disabled:{one.endpoint_id}:{now:%Y%m%d%H%M%S}", Audience.OFFICE))
        for one in lost if one.endpoint_id in disabled and (order_id := last[one.endpoint_id].delivery.order_id) is not None
    ]
    notifications.enqueue(tx, letters, now, office_default=office)
    return disabled


def _reason(attempt: Attempt) -> str:
    """Why an endpoint was given up, by what it said last."""
    if attempt.unwanted:
        return "It answered 410 Gone."
    return attempt.error or f"It answered {attempt.status}."
