"""
Brings a database to the tables of this version, and tells whether it is there.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from orderpipe.store.policies import ensure_defaults
from orderpipe.store.tables import metadata


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Migrate the database to the newest tables and give it everybody's default rules; of several runs at once the others wait."""
    command.upgrade(_config(database_url), "head")
    engine = create_engine(database_url)
    with engine.begin() as tx:
        ensure_defaults(tx)
    engine.dispose()


def current_revision(database_url: str) -> tuple[str | None, str | None]:
    """The database's revision and this version's newest."""
    head = ScriptDirectory.from_config(_config(database_url)).get_current_head()
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), head
    finally:
        engine.dispose()


def differences(database_url: str) -> list[str]:
    """What the migrated database has otherwise than the tables in the code; [] when both agree."""
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [str(difference) for difference in compare_metadata(context, metadata)]
    finally:
        engine.dispose()


def write_revision(database_url: str, message: str) -> None:
    """Write a new migration file from the difference between the database and the tables (for developers)."""
    command.revision(_config(database_url), message, autogenerate=True)
