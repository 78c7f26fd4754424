"""
How what was sent is kept: in a ninth of the space, because letters are alike, and exactly as it went out.

Each is compressed against typical letters of its language, which lie in `dictionaries`. What was kept can be read only with the very
dictionary that it was kept with, so none is ever changed or removed: a better one gets the next number.
"""

import zlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from orderpipe.channels.wording import LANGUAGES, language_of

if TYPE_CHECKING:
    from zlib import _Compress

NEWEST = {"en": "en-1.eml", "zh": "zh-1.eml"}
"""The dictionary that letters of a language are kept with from now on."""

_LEVEL = 3  # a letter a time: the time counts more than a tenth of the space
_WITH_DICTIONARY = 0x20  # the flag FDICT of RFC 1950


def keep(content: bytes, language: str) -> bytes:
    """What was sent in this language (BCP 47), made small for keeping."""
    packing = _primed(language_of(language)).copy()  # a copy, for taking the dictionary in costs more than the letter
    return packing.compress(content) + packing.flush()


def read_back(kept: bytes) -> bytes:
    """What was sent, exactly as it went out."""
    if not kept[1] & _WITH_DICTIONARY:
        return zlib.decompress(kept)
    return zlib.decompressobj(zdict=_dictionaries()[int.from_bytes(kept[2:6], "big")]).decompress(kept)


@cache
def _primed(language: str) -> "_Compress":
    assert NEWEST.keys() == set(LANGUAGES)
    return zlib.compressobj(_LEVEL, zdict=_read(NEWEST[language]))


@cache
def _dictionaries() -> dict[int, bytes]:
    """All there are, by the checksum with which what was kept names its own."""
    every = (_read(file.name) for file in (files(__package__) / "dictionaries").iterdir() if file.name.endswith(".eml"))
    return {zlib.adler32(one): one for one in every}


def _read(name: str) -> bytes:
    return (files(__package__) / "dictionaries" / name).read_bytes()
