"""
A migration only adds, so that the release before works on with the new tables while one process after the other is exchanged.

What nothing uses any more is taken away one release later, in a revision that names the release which stopped using it:
`not_used_since = "0.2.0"`. Only what a revision says can be seen here; whether the old code really gets on with it, it cannot.
"""

import ast
import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.version import Version

from tests.needs import REPOSITORY

FIRST = "0001_first_tables.py"
REVISIONS = sorted(path for path in (REPOSITORY / "src/orderpipe/store/migrations/versions").glob("*.py") if path.name != FIRST)
RELEASE = Version(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"])
TAKES_AWAY = {"drop_column", "drop_table", "rename_table"}
TAKES_AWAY_SQL = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN|TYPE)|RENAME|SET\s+NOT\s+NULL|ALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE|TRUNCATE)\b", re.IGNORECASE
)


def objections(source: str) -> list[str]:
    """What in this revision the release before may not survive, or would lock a large table for long."""
    tree = ast.parse(source)
    upgrade = next(one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "upgrade")
    calls = [one for one in ast.walk(upgrade) if isinstance(one, ast.Call)]
    made = {_text(one.args[0]) for one in calls if _name(one) == "create_table"}
    return [*_locks(calls, made), *(() if _nothing_uses_it(tree) else _takes_away(calls))]


def _takes_away(calls: list[ast.Call]) -> Iterator[str]:
    for call in calls:
        given = {one.arg: one.value for one in call.keywords}
        match _name(call):
            case name if name in TAKES_AWAY:
                yield f"{name} in line {call.lineno}"
            case "alter_column" if {"new_column_name", "type_"} & given.keys() or _is(given.get("nullable"), False):
                yield f"alter_column in line {call.lineno}"
            case "add_column" if not _may_be_left_out(call):
                yield f"add_column in line {call.lineno}: the release before does not know it, so it must be nullable or have a default"
            case "execute" if TAKES_AWAY_SQL.search(ast.unparse(call)):
                yield f"execute in line {call.lineno}"


def _locks(calls: list[ast.Call], made: set[str]) -> Iterator[str]:
    for call in calls:
        concurrently = _is({one.arg: one.value for one in call.keywords}.get("postgresql_concurrently"), True)
        if _name(call) == "create_index" and _text(call.args[1]) not in made and not concurrently:
            yield f"create_index in line {call.lineno} stops all writing meanwhile: postgresql_concurrently=True, in an autocommit_block"


def _may_be_left_out(call: ast.Call) -> bool:
    column = next(one for one in call.args if isinstance(one, ast.Call))
    given = {one.arg: one.value for one in column.keywords}
    return "server_default" in given or not _is(given.get("nullable"), False)


def _nothing_uses_it(tree: ast.Module) -> bool:
    named = [
        str(one.value.value) for one in tree.body
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant) and ast.unparse(one.targets[0]) == "not_used_since"
    ]
    return bool(named) and Version(named[0]) < RELEASE


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_every_revision_leaves_the_release_before_at_work() -> None:
    assert {path.name: found for path in REVISIONS if (found := objections(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("line", [
    "op.drop_column('orders', 'lane')",
    "op.drop_table('seal')",
    "op.alter_column('orders', 'lane', new_column_name='queue')",
    "op.alter_column('orders', 'lane', nullable=False)",
    "op.alter_column('orders', 'lane', type_=sa.Integer())",
    "op.add_column('orders', sa.Column('gift', sa.Boolean(), nullable=False))",
    "op.execute('ALTER TABLE orders ALTER COLUMN lane SET NOT NULL')",
    "op.create_index('ix', 'orders', ['lane'])",
])
def test_what_would_stop_it_is_objected_to(line: str) -> None:
    assert objections(f"def upgrade():\n    {line}\n")


@pytest.mark.parametrize("line", [
    "op.add_column('orders', sa.Column('gift', sa.Boolean(), server_default='false', nullable=False))",
    "op.add_column('orders', sa.Column('gift', sa.Text(), nullable=True))",
    "op.create_table('gift', sa.Column('id')); op.create_index('ix', 'gift', ['id'])",
    "op.create_index('ix', 'orders', ['lane'], postgresql_concurrently=True)",
    "op.execute('UPDATE orders SET lane = lane')",
])
def test_what_only_adds_may_be_done(line: str) -> None:
    assert objections(f"def upgrade():\n    {line}\n") == []


def test_what_an_older_release_stopped_using_may_go() -> None:
    drop = "def upgrade():\n    op.drop_column('orders', 'lane')\n"
    assert objections(f"not_used_since = '0.0.1'\n{drop}") == []
    assert objections(f"not_used_since = '{RELEASE}'\n{drop}") != []
