"""
What was sent is kept small, and read back byte for byte, whatever it was kept with.
"""

import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderpipe.channels.keeping import NEWEST, keep, read_back
from orderpipe.channels.samples import FACTS
from orderpipe.channels.wording import LANGUAGES
from tests.typical_letters import FOLDER, ORDERS, USUAL, letter

CHECKSUMS = {"en-1.eml": 0x4B643DFE, "zh-1.eml": 0xDDF80A1C}
"""Of every dictionary that letters were ever kept with: without the very bytes those letters could not be read any more."""


def test_loses_no_dictionary_and_changes_none() -> None:
    assert {path.name: zlib.adler32(path.read_bytes()) for path in FOLDER.iterdir()} == CHECKSUMS
    assert set(NEWEST.values()) <= CHECKSUMS.keys()


@given(content=st.binary(max_size=3_000), language=st.sampled_from([*LANGUAGES, "zh-Hant-TW", "pt-BR", ""]))
def test_reads_back_whatever_was_kept(content: bytes, language: str) -> None:
    assert read_back(keep(content, language)) == content


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_keeps_every_letter_exactly(kind: str, language: str) -> None:
    content = letter(kind, language, ORDERS[language])
    assert read_back(keep(content, language)) == content


def test_reads_what_was_kept_without_a_dictionary() -> None:
    assert read_back(zlib.compress(b"a letter from before", 3)) == b"a letter from before"


@pytest.mark.parametrize("dictionary", CHECKSUMS)
def test_reads_what_zlib_kept_with_a_dictionary(dictionary: str) -> None:
    packing = zlib.compressobj(3, zdict=(FOLDER / dictionary).read_bytes())
    assert read_back(packing.compress(b"a letter from before") + packing.flush()) == b"a letter from before"


def test_keeps_in_several_threads_at_once() -> None:
    letters = [letter(kind, "en", ORDERS["en"]) for kind in FACTS] * 10
    with ThreadPoolExecutor(4) as threads:
        assert [read_back(kept) for kept in threads.map(keep, letters, repeat("en"))] == letters


@pytest.mark.parametrize("kind", USUAL)
def test_keeps_the_usual_letters_in_a_quarter_of_the_space(kind: str) -> None:
    other = replace(ORDERS["en"], number="123456-6", reference="B-77", customer={"name": "Customer 77", "email": "c@customers.example"})
    content = letter(kind, "en", other, key="another")
    assert len(keep(content, "en")) * 4 < len(zlib.compress(content, 3))
