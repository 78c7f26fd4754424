"""
Everything in the books at once, so that a test can say that nothing has changed.
"""

from collections.abc import Collection

from sqlalchemy import Connection, Engine, LargeBinary, Table, text

from orderpipe.store.tables import metadata

ROWS = """SELECT '{table}' AS name, count(*) AS rows, coalesce(md5(string_agg(row, E'\\n' ORDER BY row)), '') AS digest
    FROM (SELECT CAST(to_jsonb(one) {without} AS text) AS row FROM {table} one) rows"""


def digests(engine: Engine, *, without: Collection[str] = ()) -> dict[str, tuple[int, str]]:
    """How many rows each table has and a digest of them all; `without` names columns, as table.column, and whole tables."""
    with engine.begin() as tx:
        return {row.name: (row.rows, row.digest) for row in tx.execute(text(_every_table(without)))}


def _every_table(without: Collection[str]) -> str:
    tables = [one.name for one in metadata.sorted_tables if one.name not in without]
    columns = {name: [one.rpartition(".")[2] for one in without if one.startswith(f"{name}.")] for name in tables}
    return " UNION ALL ".join(
        ROWS.format(table=name, without="".join(f" - '{column}'" for column in columns[name])) for name in tables
    )


def differing(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> dict[str, tuple[int, int]]:
    """The tables that are not as they were, with how many rows they had and have."""
    return {name: (before[name][0], after[name][0]) for name in before if before[name] != after[name]}


def words(tx: Connection) -> dict[str, str]:
    """Everything that can be read in each table, in lower case; what is kept as bytes too, as far as they are text."""
    return {table.name: "\n".join(tx.execute(text(_readable(table))).scalars()).lower() for table in metadata.sorted_tables}


def _readable(table: Table) -> str:
    columns = [one.name for one in table.columns if isinstance(one.type, LargeBinary)]
    octets = "".join(f" || coalesce(encode({one}, 'escape'), '')" for one in columns)
    return f"SELECT CAST(one AS text){octets} FROM {table.name} one"
