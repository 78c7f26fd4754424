"""
The shop's own system of the demo: what it believes.
"""

from datetime import UTC, datetime

from standardwebhooks import Webhook

from orderpipe.simulation.listener import is_signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type": "order.received"}'


def headers(body: bytes = BODY) -> dict[str, str]:
    """Signed by the reference library."""
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("evt_1", now, body.decode())
    return {"webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


def test_believes_what_is_signed_with_its_secret() -> None:
    assert is_signed(BODY, headers(), SECRET)
    both = headers() | {"webhook-signature": f"v1,b3RoZXI= {headers()['webhook-signature']}"}
    assert is_signed(BODY, both, SECRET)


def test_believes_nothing_else() -> None:
    assert not is_signed(BODY + b" ", headers(), SECRET)
    assert not is_signed(BODY, headers() | {"webhook-id": "evt_2"}, SECRET)
    assert not is_signed(BODY, headers(), SECRET.replace("M", "N"))
