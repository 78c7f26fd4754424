"""
Runs the migrations under a lock, so that several processes starting at once migrate one after the other.
"""

from alembic import context
from sqlalchemy import create_engine, text

from orderpipe.store.tables import metadata

_MIGRATION_LOCK = 0x0D0E12


def run() -> None:
    """Migrate in one transaction while holding the migration lock."""
    engine = create_engine(context.config.attributes["database_url"])
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        connection.commit()
        context.configure(connection=connection, target_metadata=metadata, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
        connection.commit()
    engine.dispose()


run()
