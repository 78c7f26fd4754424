"""
Everything an installation can set, read once from environment variables that begin with `ORDERPIPE_`, or from files for what is secret.

Nothing here has to be set on a laptop: `orderpipe up` fills in the addresses of the servers it starts itself.
"""

import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS = Path("/run/secrets")
"""Where containers get their secrets, one file each."""


class Settings(BaseSettings):
    """The installation's settings; each field `x` is the variable `ORDERPIPE_X`."""

    model_config = SettingsConfigDict(env_prefix="ORDERPIPE_", extra="ignore")

    database_url: str = Field("", description="PostgreSQL, as postgresql+psycopg://user@host:port/database")
    broker_url: str = Field("", description="Celery broker, as redis://host:port/0 or amqp://user:password@host/vhost")
    door_url: str = Field(
        "", description="broker on which shops put orders themselves, never the one above; empty: that door is closed"
    )
    data: Path = Field(Path(".orderpipe"), description="folder of the private servers and of everything `orderpipe up` keeps")
    seals: Path | None = Field(
        None, description="folder of the journal's seals, best on another disk; `seals` in the data folder by default"
    )

    smtp_url: str = Field("", description="mail server, as smtp://[user:password@]host:port or smtps://…; ?starttls=yes asks for STARTTLS")
    mail_from: str = Field("orders@orderpipe.example", description="sender address of letters whose shop has none of its own")
    imap_url: str = Field(
        "", description="mailbox of replies and bounces, as imaps://user:password@host:port/INBOX; imap:// only on this machine"
    )
    reply_address: str = Field(
        "", description="address of that mailbox, which also takes what is written to name+anything@…; empty: customers reply to the sender"
    )
    sms_url: str = Field("", description="Apprise URL of the SMS provider; {to} stands for the recipient's number")
    webhook_allow: str = Field(
        "", description="networks of ours to which webhooks may go all the same, and without TLS, as 10.1.0.0/16,127.0.0.1"
    )
    office_email: str = Field("office@orderpipe.example", description="whom alarms and escalations go to")
    public_url: str = Field("http://127.0.0.1:8000", description="address under which customers reach this installation")

    tracking_links: dict[str, str] = Field(
        {}, description='where a carrier shows its parcels, as {"carrier": "https://carrier.example/{number}"}'
    )

    database_pool: int = Field(5, ge=1, description="database connections that one process keeps open")
    sweep_seconds: float = Field(5.0, gt=0, description="how often overdue units are looked for")
    look_again_seconds: float = Field(
        30.0, gt=0, description="after this long the clock takes a message for lost and sends another; it doubles while nothing comes of it"
    )
    lease_seconds: float = Field(
        120.0, gt=0, description="after this long what a sender was given to send, and did not report on, is due again"
    )
    delays_seconds: float = Field(300.0, gt=0, description="how often the promises are looked at whose instant for that has come")
    long_queue: int = Field(50, ge=1, description="messages in a lane's queue above which the sweep hands nothing more to it")
    pulse: Path | None = Field(None, description="folder where workers, beats and broker doors note until when they count as alive")
    secrets: Path = Field(SECRETS, description="folder of secrets: its file `orderpipe_database_url` stands for that variable; so for each")

    @property
    def seals_folder(self) -> Path:
        """Where the journal's seals lie outside the database."""
        return self.seals or self.data / "seals"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once; a variable goes before its file, and a laptop has no folder of secrets."""
    folder = Path(os.environ.get("ORDERPIPE_SECRETS", SECRETS))
    return Settings(_secrets_dir=folder if folder.is_dir() else None)
