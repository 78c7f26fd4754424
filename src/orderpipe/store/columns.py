"""
Whole columns on their way to PostgreSQL, as arrays in its binary format: as text psycopg escapes every element, 50 times the work for JSON.

psycopg packs an array element by element, in Python. Most columns of a batch say the same in every row, and most others are ids: both
are packed at once here.
"""

import struct
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.abc import Buffer
from psycopg.adapt import PyFormat
from psycopg.types.array import BaseListDumper, ListBinaryDumper, ListDumper

_HEAD = struct.Struct(">5i")
"""How an array begins: dimensions, whether any value is NULL, the type's oid, length, first index. Each element follows behind its size."""
_INTEGERS = {21: (2, "ih"), 23: (4, "ii"), 20: (8, "iq")}
"""Size and form of an element by the type's oid: int2, int4, int8."""


class Column(ListBinaryDumper):
    """A list as an array; what comes of it is what psycopg would make."""

    def upgrade(self, obj: list[Any], format: PyFormat) -> BaseListDumper:
        """The dumper for lists of what this one holds."""
        dumper = super().upgrade(obj, format)
        return dumper if isinstance(dumper, Column) else _Nothing(self.cls, self._tx)

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The array's bytes."""
        if len(obj) < 2 or isinstance(obj[0], list | Decimal | float):  # of these, equal ones need not be the same
            return super().dump(obj)
        if obj[0] == obj[-1] and obj.count(obj[0]) == len(obj):
            return self._repeated(obj)
        oid = self.sub_dumper.oid if self.sub_dumper else 0
        if type(obj[0]) is int and oid in _INTEGERS and None not in obj:
            size, form = _INTEGERS[oid]
            sized = [size] * (2 * len(obj))
            sized[1::2] = obj
            return struct.pack(f">5i{form * len(obj)}", 1, 0, oid, len(obj), 1, *sized)
        return super().dump(obj)

    def _repeated(self, obj: list[Any]) -> bytes:
        one = bytes(super().dump(obj[:1]) or b"")
        dimensions, has_null, oid, _, first = _HEAD.unpack_from(one)
        return _HEAD.pack(dimensions, has_null, oid, len(obj), first) + one[_HEAD.size :] * len(obj)


class _Nothing(ListDumper):
    """A list without any value, whose type the server knows alone."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The array as text."""
        return b"{%s}" % b",".join([b"NULL"] * len(obj)) if obj.count(None) == len(obj) else super().dump(obj)


def send_whole(connection: Connection[Any], _record: object) -> None:
    """Let lists travel like this over this connection."""
    connection.adapters.register_dumper(list, Column)
