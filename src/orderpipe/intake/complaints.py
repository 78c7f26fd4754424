"""
Says in a sentence what is wrong with a field, so that the programmer at the other end need not guess.
"""

import difflib
from collections.abc import Sequence

from pydantic_core import ErrorDetails

from orderpipe.intake.refusals import FieldError

_MONEY = frozenset({"total", "unit_price", "amount", "price"})
_SENTENCES = {
    "missing": "This field must be there.",
    "string_type": "This must be a string.",
    "string_too_long": "This is longer than {max_length} characters.",
    "string_too_short": "This must not be empty.",
    "int_type": "This must be a whole number, written without quotes.",
    "int_from_float": "This must be a whole number.",
    "greater_than_equal": "This must be at least {ge}.",
    "less_than_equal": "This must be at most {le}.",
    "too_long": "There are more than {max_length} of these; send the order in parts.",
    "literal_error": "This must be one of {expected}.",
    "model_type": "This must be a JSON object.",
    "list_type": "This must be a JSON array.",
}


def explain(error: ErrorDetails, fields: Sequence[str]) -> FieldError:
    """The error as pointer, sentence and code; `fields` are the names there are, of which one may have been meant."""
    return FieldError(pointer_to(error["loc"]), _sentence(error, fields), _code(error))


def pointer_to(location: Sequence[int | str]) -> str:
    """The JSON pointer (RFC 6901) of a place in a document."""
    # a NUL character stands in no text of the database, so it is shown as JSON writes it
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1").replace("\0", "\\u0000") for part in location)


def _sentence(error: ErrorDetails, fields: Sequence[str]) -> str:
    kind, location = error["type"], error["loc"]
    name = str(location[-1]) if location else ""
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(name, fields, n=1)
        return f"There is no field {name[:100]!r} here." + (f" Is {near[0]!r} meant?" if near else "")
    if kind == "json_invalid":
        return f"This is not JSON: {error.get('ctx', {}).get('error', 'it cannot be read')}."
    if name in _MONEY and kind == "string_type":
        return 'Money is a decimal string such as "12.50": a JSON number passes through binary fractions and may lose a cent.'
    if name in _MONEY and kind == "string_pattern_mismatch":
        return 'Money is a decimal string such as "12.50", with a point, no spaces, and no more places than money has.'
    if kind == "string_pattern_mismatch":
        return "This must not be blank."
    if kind.startswith("date"):
        return 'This must be a date such as "2026-12-24".'
    sentence = _SENTENCES.get(kind)
    return sentence.format(**error.get("ctx", {})) if sentence else error["msg"]


def _code(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown-field"
    if error["loc"] and error["loc"][-1] in _MONEY:
        return "money-format"
    return error["type"].replace("_", "-")
