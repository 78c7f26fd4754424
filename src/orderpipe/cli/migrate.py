"""
`orderpipe migrate`: bring the database to the tables of this version, and write the defaults that are missing.
"""

from orderpipe.cli.app import app
from orderpipe.cli.place import Data, find
from orderpipe.cli.terminal import AsJson, print_json, say
from orderpipe.store.migrations_runner import current_revision, upgrade


@app.command("migrate")
def run(as_json: AsJson = False, data: Data = None) -> None:
    """Bring the database to this version's tables; nothing to do is quick."""
    url = find(data).database_url
    before, _ = current_revision(url)
    upgrade(url)
    after, _ = current_revision(url)
    if as_json:
        print_json({"from": before, "to": after})
    elif before == after:
        say(f"The database is at revision {after}, the newest.")
    else:
        say(f"Migrated from {before or 'an empty database'} to {after}.")
