"""
Column mappings: presets that hold, and mistakes in one's own that are told in a sentence.
"""

import re
from pathlib import Path

import pytest

from orderpipe.intake import mapping
from orderpipe.intake.mapping import UnreadableMapping
from tests.needs import REPOSITORY

GOOD = '[columns]\nreference = "No"\nsku = "Code"\nquantity = "Pieces"\n'


@pytest.mark.parametrize("name", mapping.presets())
def test_every_preset_can_be_used(name: str) -> None:
    assert mapping.choose(name).columns["reference"]


def test_a_mapping_of_ones_own_has_the_same_form(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(GOOD)
    assert mapping.choose(str(path)).main_columns() == ["No", "Code", "Pieces"]


@pytest.mark.parametrize(("text", "said"), [
    ("[columns", "not TOML"),
    ("", "'columns' must be there"),
    ('[columns]\nreference = "No"\nquantity = "Pieces"\n', "which column is the sku"),
    (GOOD.replace("sku", "skuu"), "no field 'skuu'. Is 'sku' meant?"),
    ('delimeter = ";"\n' + GOOD, "no key 'delimeter'. Is 'delimiter' meant?"),
    ('delimiter = "ab"\n' + GOOD, "'delimiter'"),
    (GOOD + '[[reject]]\nwhere = { No = "(" }\nreason = "x"\n', "no regular expression"),
    (GOOD.replace('"Code"', '"items:code"'), "there is no [beside.items]"),
    ('encoding = "utf-16"\n' + GOOD, "save the file as UTF-8"),
    ('encoding = "klingon"\n' + GOOD, "no encoding"),
])
def test_mistakes_are_told_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(UnreadableMapping) as refused:
        mapping.choose(str(path))
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_the_example_in_the_documents_can_be_used() -> None:
    page = (REPOSITORY / "docs" / "import.md").read_text("utf-8")
    example, = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert mapping.understand(example, "").columns["reference"] == "Invoice"
    for field in mapping.FIELDS:
        assert f"`{field}`" in page, field


def test_names_what_there_is() -> None:
    with pytest.raises(UnreadableMapping, match="olist, online-retail, orders"):
        mapping.choose("shoplift")
