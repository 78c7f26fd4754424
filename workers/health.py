"""
Is this process well? For container engines: `python -m workers.health express` asks a worker's pulse, with an address its HTTP.

A worker or beat writes down until when it may be taken for alive; asking it over the broker would take seconds of work each time.
"""

import http.client
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 4.0
"""Seconds after which a page that does not answer is not well."""


def pulse_of(role: str) -> Path:
    """Where the process of this role (a worker's name before the @, or `beat`) keeps its pulse: in the folder for temporary files."""
    return Path(tempfile.gettempdir()) / f"orderpipe-{role}.pulse"


def beats(role: str, seconds: float) -> None:
    """The process is alive, and is to be taken for it during the next `seconds`."""
    new = pulse_of(role).with_suffix(".new")
    new.write_text(str(time.time() + seconds))
    new.replace(pulse_of(role))


def trouble(asked: str) -> str | None:
    """What is wrong with the process of this role, or behind this http address; None when it is well."""
    return _page_trouble(asked) if "://" in asked else _pulse_trouble(asked)


def _pulse_trouble(role: str) -> str | None:
    try:
        until = float(pulse_of(role).read_text())
    except FileNotFoundError:
        return f"{role} has not begun to work: there is no {pulse_of(role)}."
    late = time.time() - until
    return f"{role} should have shown itself {late:.0f} s ago." if late > 0 else None


def _page_trouble(address: str) -> str | None:
    place = urlsplit(address)
    door = http.client.HTTPConnection(place.netloc, timeout=PATIENCE)
    try:
        door.request("GET", place.path)
        status = door.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{address} does not answer: {error!r}."
    finally:
        door.close()
    return None if status == http.HTTPStatus.OK else f"{address} answers {status}."


if __name__ == "__main__":
    sys.exit(trouble(sys.argv[1]))
