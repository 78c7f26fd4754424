"""
`orderpipe flow`: the picture for people, the map for machines, and the section of a README.
"""

from pathlib import Path

from orderpipe.domain import diagram
from tests.cli.conftest import Terminal


def test_prints_the_picture_and_the_map(nowhere: Terminal) -> None:
    assert nowhere("flow").out == diagram.mermaid() + "\n"
    document = nowhere("flow", "--json").json
    assert document["steps"][1]["name"] == "validate"
    assert document["waits"]["query"]["owner"] == "customer"
    assert ["order", "received", "validated"] in document["transitions"]


def test_writes_itself_into_a_file(nowhere: Terminal, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("# Shop\n")
    assert nowhere("flow", "--write", str(readme)).exit_code == 0
    assert diagram.mermaid() in readme.read_text()
    answer = nowhere("flow", "--write", str(tmp_path / "none.md"))
    assert answer.exit_code == 2
    assert answer.err == f"{tmp_path}/none.md cannot be written: No such file or directory.\n"
