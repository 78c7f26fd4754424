"""
Bar codes: numbers with their check digits, and what scanners make of them.
"""

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orderpipe.domain.barcodes import NotANumber, Scanned, check_digit, gtin14, read_barcode, sscc18
from tests.needs import require

GTIN = "05901234123457"
digits = st.text("0123456789", min_size=7, max_size=17)


def vectors(file: str, test: str) -> list[dict[str, Any]]:
    found = json.loads((require("real-data") / "gs1" / "barcode_vectors.json").read_text())
    return [vector for vector in found if (vector["file"], vector["test"]) == (file, test)]


@pytest.mark.parametrize("text", ["5901234123457", "]E05901234123457", "]E3590123412345712", "]C05901234123457", " 5901234123457\r\n"])
def test_reads_a_plain_number_with_or_without_its_mark(text: str) -> None:
    assert read_barcode(text) == Scanned("5901234123457", gtin=GTIN)


def test_reads_item_lot_serial_expiry_and_quantity() -> None:
    scanned = read_barcode("]d2\x1d0105901234123457" + "17271231" + "10A-7\x1d" + "3012\x1d" + "21XYZ")
    assert (scanned.gtin, scanned.lot, scanned.serial, scanned.expires_on, scanned.quantity) == (
        GTIN, "A-7", "XYZ", date(2027, 12, 31), 12,
    )


@pytest.mark.parametrize("text", ["]C1", "\x1d", ""])
def test_reads_element_strings_with_any_mark_and_with_none(text: str) -> None:
    scanned = read_barcode(text + "010590123412345710A-7")
    assert (scanned.gtin, scanned.lot) == (GTIN, "A-7")


def test_reads_what_is_printed_beneath_the_bars_and_the_link_of_a_square_code() -> None:
    assert read_barcode("(01)05901234123457(10)A-7").lot == "A-7"
    assert read_barcode("https://id.gs1.org/01/05901234123457/10/A-7").gtin == GTIN


def test_reads_the_contents_of_a_pallet() -> None:
    scanned = read_barcode("]C10205901234123457" + "3724\x1d" + "00157035381410375177")
    assert (scanned.gtin, scanned.quantity, scanned.sscc) == (GTIN, 24, "157035381410375177")


def test_does_not_take_a_short_message_for_a_number() -> None:
    expiry_and_lot = [f"1727123110{lot:04d}" for lot in range(100)]
    assert any(read_barcode(message).gtin for message in expiry_and_lot)  # some look like one
    for message in expiry_and_lot:
        scanned = read_barcode(f"]C1{message}")
        assert (scanned.gtin, scanned.lot) == (None, message[-4:])


def test_reads_the_item_without_a_date_that_is_all_zeros() -> None:
    assert read_barcode("]C1010590123412345717000000").gtin == GTIN


@pytest.mark.parametrize(
    "text",
    ["KETTLE-1", "10ABC", "21-XYZ", "01-KETTLE", "0123", "5901234123458", "0105901234123458", "00000000", "]", "(01)", "http://", "李",
     "⁰⁰⁰⁰⁰⁰⁰⁰", "](x) kettle", "425261"],
)
def test_takes_everything_else_for_an_article_of_the_shop(text: str) -> None:
    assert read_barcode(text) == Scanned(text)


@given(st.text(max_size=60) | st.from_regex(r"(\](C1|d2|E0|Q3))?(01|10|17|21|30|37|02|00)[0-9A-Z\x1d]{0,40}", fullmatch=True))
def test_never_falls_over_what_is_scanned(raw: str) -> None:
    scanned = read_barcode(raw)
    assert scanned.gtin is None or gtin14(scanned.gtin) == scanned.gtin
    assert len(scanned.text) <= len(raw)


@given(digits, st.data())
def test_notices_every_single_wrong_digit(payload: str, data: st.DataObject) -> None:
    assume(len(payload) + 1 in (8, 12, 13, 14) and payload.strip("0"))
    number = f"{payload}{check_digit(payload)}"
    assert gtin14(number) == number.zfill(14)
    place, wrong = data.draw(st.integers(0, len(number) - 1)), data.draw(st.sampled_from("0123456789"))
    assume(number[place] != wrong)
    with pytest.raises(NotANumber):
        gtin14(number[:place] + wrong + number[place + 1 :])


def test_reads_numbers_as_people_write_them() -> None:
    assert gtin14("5 901234 123457") == GTIN
    assert gtin14("978-0-306-40615-7") == "09780306406157"


@pytest.mark.parametrize("text", ["", "123", "KETTLE", "5901234123458", "59012341234570", "00000000", "⁰" * 8])
def test_refuses_what_is_no_trade_item_number(text: str) -> None:
    with pytest.raises(NotANumber, match="is no GTIN"):
        gtin14(text)


def test_composes_the_number_of_a_logistic_unit() -> None:
    assert sscc18(1, "0614141", 234567890) == "106141412345678908"
    assert sscc18(3, "9999999", 7) == f"39999999000000007{check_digit('39999999000000007')}"


@given(st.integers(0, 9), st.from_regex(r"[0-9]{4,12}", fullmatch=True), st.integers(0, 9999))
def test_gives_units_numbers_that_a_scanner_reads_back(extension: int, prefix: str, serial: int) -> None:
    number = sscc18(extension, prefix, serial)
    assume(number.strip("0"))
    assert len(number) == 18
    assert read_barcode(number).sscc == read_barcode(f"]C100{number}").sscc == number


@pytest.mark.parametrize(
    ("extension", "prefix", "serial"),
    [
        (10, "614141", 1), (-1, "614141", 1), (0, "614", 1), (0, "6141410000000", 1), (0, "61414A", 1), (0, "614141", 10**10),
        (0, "614141", -1), (0, "", 1),
    ],
)
def test_composes_no_number_that_does_not_fit(extension: int, prefix: str, serial: int) -> None:
    with pytest.raises(NotANumber):
        sscc18(extension, prefix, serial)


def test_agrees_with_known_check_digits() -> None:
    for vector in vectors("test_checksums", "test_gs1_standard_check_digit"):
        assert check_digit(vector["input"]) == vector["expected"][0]
    with pytest.raises(NotANumber):
        check_digit("⁰⁰⁰")


def test_agrees_with_known_numbers() -> None:
    for vector in vectors("gtin_test_encode", "test_as_gtin_14"):
        assert gtin14(vector["input"]) == vector["expected"][0]
    for test in ("gtin_8", "gtin_12_without_leading_zero", "gtin_12_with_1_leading_zero", "gtin_12_with_2_leading_zero", "gtin_13"):
        for vector in vectors("gtin_test_parse", f"test_parse_{test}"):
            assert read_barcode(vector["input"]).gtin == vector["input"].zfill(14)


def test_agrees_with_known_bar_codes() -> None:
    known = vectors("test_parse", "test_parse")
    assert known
    for vector in known:
        number = re.search(r"gtin=Gtin\(value='(\d+)'", vector["expected"][0])
        unit = re.search(r"sscc=Sscc\(value='(\d+)'", vector["expected"][0])
        scanned = read_barcode(vector["input"])
        if len(vector["input"]) > 7:  # six digits may be a UPC-E, but here they are an SKU
            assert scanned.gtin == (number[1].zfill(14) if number else None)
            assert scanned.sscc == (unit[1] if unit else None)
