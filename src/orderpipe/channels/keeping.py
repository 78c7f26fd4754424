"""
How what was sent is kept: in an eighth of the space, because letters are alike, and exactly as it went out.

Each is compressed with Zstandard against typical letters of its language, which lie in `dictionaries`. What was kept can be read only with
the very dictionary that it names, so none is ever changed or removed: a better one gets the next number.
"""

import zlib
from functools import cache, lru_cache
from importlib.resources import files
from threading import get_ident

from zstandard import DICT_TYPE_RAWCONTENT, ZstdCompressionDict, ZstdCompressor, ZstdDecompressor

from orderpipe.channels.wording import LANGUAGES, language_of

NEWEST = {"en": "en-1.eml", "zh": "zh-1.eml"}
"""The dictionary that letters of a language are kept with from now on."""

_LEVEL = 3  # a letter a time: the time counts more than a tenth of the space
_NAMED = b"\x01"
"""Begins what is kept, before the dictionary's name and a line's end; earlier letters are zlib's, of which none begins so."""
_WITH_DICTIONARY = 0x20  # the flag FDICT of RFC 1950


def keep(content: bytes, language: str) -> bytes:
    """What was sent in this language (BCP 47), made small for keeping."""
    name = NEWEST[language_of(language)]
    return b"%s%s\n%s" % (_NAMED, name.encode(), _packer(name, get_ident()).compress(content))


def read_back(kept: bytes) -> bytes:
    """What was sent, exactly as it went out."""
    if kept.startswith(_NAMED):
        name, _, packed = kept.removeprefix(_NAMED).partition(b"\n")
        return ZstdDecompressor(dict_data=_dictionary(name.decode())).decompress(packed)
    if not kept[1] & _WITH_DICTIONARY:
        return zlib.decompress(kept)
    return zlib.decompressobj(zdict=_by_checksum()[int.from_bytes(kept[2:6], "big")]).decompress(kept)


@lru_cache(maxsize=20)
def _packer(name: str, _thread: int) -> ZstdCompressor:
    """One for each thread, as the library wants it."""
    assert NEWEST.keys() == set(LANGUAGES)
    return ZstdCompressor(level=_LEVEL, dict_data=_dictionary(name))


@cache
def _dictionary(name: str) -> ZstdCompressionDict:
    dictionary = ZstdCompressionDict(_read(name), dict_type=DICT_TYPE_RAWCONTENT)
    dictionary.precompute_compress(level=_LEVEL)
    return dictionary


@cache
def _by_checksum() -> dict[int, bytes]:
    """All there are, by the checksum with which zlib names them."""
    every = (_read(file.name) for file in (files(__package__) / "dictionaries").iterdir() if file.name.endswith(".eml"))
    return {zlib.adler32(one): one for one in every}


def _read(name: str) -> bytes:
    return (files(__package__) / "dictionaries" / name).read_bytes()
