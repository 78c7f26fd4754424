"""
A form as the browser sends it: the fields by name, of a number that a page of ours can have.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

Posted = Mapping[str, str]

_MOST_FIELDS = 2_000


async def _posted(request: Request) -> Posted:
    """The fields of the form, each name once. Raises HTTPException."""
    try:
        fields = parse_qsl((await request.body()).decode("ascii", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as reason:
        raise HTTPException(400) from reason
    return dict(fields)


InPosted = Annotated[Posted, Depends(_posted)]
"""Parameter of an endpoint that takes a form."""
