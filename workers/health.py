"""
Is this process well? For container engines: `python -m workers.health express` asks a worker's pulse, with an address its HTTP.

A worker, a beat or the broker door notes in the folder ORDERPIPE_PULSE until when it may be taken for alive; to ask a worker over the
broker takes seconds of work.
"""

import http.client
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 4.0
"""Seconds after which a page that does not answer is not well."""
EVERY = 5.0
GOOD_FOR = 30.0
"""Seconds between two beats of a pulse, and until the process is taken for dead without one."""


def beats(folder: Path, role: str, seconds: float) -> None:
    """The process of this role is alive, and is to be taken for it during the next `seconds`."""
    note = _note(folder, role)
    with suppress(OSError):  # a note that cannot be written goes stale, which is no reason to stop working
        new = note.with_suffix(".new")
        new.write_text(str(time.time() + seconds))
        new.replace(note)


def _note(folder: Path, role: str) -> Path:
    return folder / f"orderpipe-{role}.pulse"


def trouble(asked: str) -> str | None:
    """What is wrong with this role (a worker's name before the @, `beat` or `door`) or behind this http address; None if well."""
    return _page_trouble(asked) if "://" in asked else _pulse_trouble(asked)


def _pulse_trouble(role: str) -> str | None:
    note = _note(Path(os.environ.get("ORDERPIPE_PULSE", "")), role)
    try:
        until = float(note.read_text())
    except FileNotFoundError:
        return f"{role} has not begun to work: there is no {note}; ORDERPIPE_PULSE names its folder."
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
