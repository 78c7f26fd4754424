"""
Webhook endpoints over HTTP: where a shop's own system wants to be told what happens to its orders.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from orderpipe.api.auth import ByShop
from orderpipe.api.openapi import refusals
from orderpipe.api.places import NOWHERE
from orderpipe.api.problems import Problem, not_found
from orderpipe.api.webhook_deliveries import DeliveryTold, shown
from orderpipe.assembly import Assembly
from orderpipe.domain.addresses import Networks, networks
from orderpipe.domain.orders import UnknownNumber, internal_id, public_id
from orderpipe.flow import Queue
from orderpipe.intake.refusals import FieldError
from orderpipe.serving.transactions import InWork, Now, Parts
from orderpipe.sideflows import webhooks
from orderpipe.sideflows.webhooks import EndpointRefused, Made, NoSuchEndpoint
from orderpipe.store import webhook_deliveries
from orderpipe.store import webhooks as kept
from orderpipe.store.webhooks import Registered

router = APIRouter(prefix="/v1", tags=["Webhooks"])

Url = Annotated[str, Field(max_length=2_000, description="https, and not into a private network.")]
Events = Annotated[
    list[Annotated[str, Field(max_length=100)]],
    Field(min_length=1, max_length=100, description="Types of event: `order.validated`, all of a kind as `order.*`, or all as `*`."),
]
Document = dict[str, Any]
Description = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
_EXAMPLE: Document = {"url": "https://shop.example/hooks/orders", "events": ["order.*", "fulfillment.shipped"], "description": "ours"}


class NewEndpoint(BaseModel):
    """An endpoint as it is registered."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    url: Url
    events: Events = ["*"]
    description: Description = ""


class ChangedEndpoint(BaseModel):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"events": ["*"]}, {"enabled": True}]})

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    enabled: bool | None = Field(None, description="What waited for it goes out when it is enabled; what happened meanwhile is replayed.")


class EndpointTold(BaseModel):
    """A webhook endpoint, and how well it listens."""

    id: str = Field(examples=["whe_000000000001"])
    url: str
    events: list[str]
    description: str
    enabled: bool
    created_at: datetime
    active_since: datetime = Field(description="What happens from then on is sent.")
    failing_since: datetime | None = Field(description="Since when it has taken nothing; after three days it is disabled.")
    disabled_at: datetime | None
    disabled_why: str | None = Field(examples=["It answered 410 Gone."])
    old_secret_until: datetime | None = Field(description="Until then messages are signed with the secret before as well.")


class EndpointMade(EndpointTold):
    """The endpoint with its secret, which is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class Endpoints(BaseModel):
    """The shop's endpoints, the oldest first."""

    data: list[EndpointTold]


class ReplaySince(BaseModel):
    """From which instant on events are sent again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"since": "2026-11-24T09:00:00Z"}]})

    since: AwareDatetime


class Replayed(BaseModel):
    """What goes out again."""

    events: int
    next_since: datetime | None = Field(description="There is more from this instant on: ask again with it. Null: that was all.")


def _id(endpoint: Annotated[str, Path(max_length=40, examples=["whe_000000000001"])]) -> int:
    try:
        return internal_id("webhook_endpoint", endpoint)
    except UnknownNumber:
        return NOWHERE


EndpointId = Annotated[int, Depends(_id)]


@contextmanager
def _refusals() -> Iterator[None]:
    """What the side flow refuses, as the problem it is."""
    try:
        yield
    except NoSuchEndpoint:
        raise not_found("webhook endpoint") from None
    except EndpointRefused as error:
        wrong = FieldError(f"/{error.field}", str(error), f"bad-{error.field}")
        raise Problem(422, "invalid", "The endpoint cannot be registered like this.", errors=[wrong]) from None


@router.post(
    "/webhook-endpoints", summary="Register a webhook endpoint", status_code=201, response_model=EndpointMade, responses=refusals(403, 422)
)
def add_endpoint(given: NewEndpoint, caller: ByShop, work: InWork, parts: Parts, now: Now) -> Any:
    """It is told what happens from now on. The secret, with which it verifies what comes, is shown this once."""
    with _refusals():
        return _made(webhooks.add(
            work.tx, caller.shop_id, given.url, given.events, description=given.description, allowed=_allowed(parts), now=now
        ))


@router.get("/webhook-endpoints", summary="The webhook endpoints", response_model=Endpoints, responses=refusals(403))
def list_endpoints(caller: ByShop, work: InWork) -> Any:
    """All of the shop's, without their secrets."""
    return {"data": [_told(one) for one in kept.listed(work.tx, caller.shop_id)]}


@router.get("/webhook-endpoints/{endpoint}", summary="A webhook endpoint", response_model=EndpointTold, responses=refusals(403, 404))
def show_endpoint(endpoint_id: EndpointId, caller: ByShop, work: InWork) -> Any:
    """How it is set up, and how well it listens."""
    with _refusals():
        return _told(webhooks.get(work.tx, endpoint_id, caller.shop_id))


@router.patch(
    "/webhook-endpoints/{endpoint}", summary="Change a webhook endpoint", response_model=EndpointTold, responses=refusals(403, 404, 422)
)
def change_endpoint(
    endpoint_id: EndpointId, given: ChangedEndpoint, caller: ByShop, work: InWork, parts: Parts, now: Now
) -> Any:
    """Its address, what it is told, or whether at all."""
    changed = {name: value for name, value in given.model_dump().items() if value is not None}
    work.wake("notify.webhook", Queue.NOTIFY)
    with _refusals():
        return _told(webhooks.change(
            work.tx, endpoint_id, changed, shop_id=caller.shop_id, allowed=_allowed(parts), now=now
        ))


@router.delete(
    "/webhook-endpoints/{endpoint}", summary="Remove a webhook endpoint", status_code=204, response_class=Response,
    responses=refusals(403, 404),
)
def remove_endpoint(endpoint_id: EndpointId, caller: ByShop, work: InWork) -> None:
    """It is forgotten, with everything that went there."""
    with _refusals():
        webhooks.remove(work.tx, endpoint_id, caller.shop_id)


@router.post(
    "/webhook-endpoints/{endpoint}/rotate", summary="Give an endpoint a new secret", response_model=EndpointMade,
    responses=refusals(403, 404),
)
def rotate_secret(endpoint_id: EndpointId, caller: ByShop, work: InWork, now: Now) -> Any:
    """For two days messages carry a signature of each, so that the receiver can be changed at leisure."""
    with _refusals():
        return _made(webhooks.rotate(work.tx, endpoint_id, caller.shop_id, now))


@router.post(
    "/webhook-endpoints/{endpoint}/test", summary="Try a webhook endpoint", status_code=202, response_model=DeliveryTold,
    responses=refusals(403, 404),
)
def try_endpoint(endpoint_id: EndpointId, caller: ByShop, work: InWork, now: Now) -> Any:
    """A message of the type `webhook.test` goes there; what became of it tells `GET /v1/webhook-deliveries/{delivery}`."""
    with _refusals():
        endpoint = webhooks.get(work.tx, endpoint_id, caller.shop_id)
    work.wake("notify.webhook", Queue.NOTIFY)
    return shown(webhook_deliveries.test(work.tx, endpoint.id, endpoint.shop_id, now))


@router.post(
    "/webhook-endpoints/{endpoint}/replay", summary="Send an endpoint again what happened", status_code=202, response_model=Replayed,
    responses=refusals(403, 404, 422),
)
def replay_since(endpoint_id: EndpointId, given: ReplaySince, caller: ByShop, work: InWork, now: Now) -> Any:
    """Every event since then, whether it was sent before or not, with the id it had; what it does not want is left out."""
    with _refusals():
        webhooks.get(work.tx, endpoint_id, caller.shop_id)
    work.wake("notify.webhook", Queue.NOTIFY)
    events, more = webhook_deliveries.replay(work.tx, endpoint_id, given.since, now=now, limit=webhooks.MOST_REPLAYED)
    return {"events": events, "next_since": more}


def _allowed(parts: Assembly) -> Networks:
    return networks(parts.settings.webhook_allow)


def _told(one: Registered) -> dict[str, Any]:
    named = {name: getattr(one, name) for name in EndpointTold.model_fields if name != "id"}
    return {"id": public_id("webhook_endpoint", one.id), **named}


def _made(made: Made) -> dict[str, Any]:
    return {**_told(made.endpoint), "secret": made.secret}
