"""
What some tests need and not every machine has: asked for by name, skipped with a sentence when it is missing.

`ORDERPIPE_REQUIRE=chromium,rabbitmq` turns those skips into failures, so that a build that is meant to have them cannot pass without.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
SYSTEM_FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/lib/rabbitmq/bin"])


def _program(*names: str) -> Path | None:
    for name in names:
        if found := shutil.which(name, path=SYSTEM_FOLDERS):
            return Path(found)
    return None


def _real_data() -> Path | None:
    folder = Path(os.environ.get("ORDERPIPE_REAL_DATA") or REPOSITORY.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def _foreign() -> Path | None:
    """The folder that holds what the lock in tests/foreign names; npm puts it there the first time."""
    node, npm = _program("node"), _program("npm")
    lock = REPOSITORY / "tests" / "foreign" / "package-lock.json"
    place = Path(tempfile.gettempdir()) / f"orderpipe-foreign-{os.getuid()}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if node and npm and not place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent, prefix="orderpipe-npm-") as made:
            shutil.copytree(lock.parent, folder := Path(made) / "foreign")
            command = (str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            with suppress(OSError, subprocess.SubprocessError):  # no registry, or another process was quicker
                subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=100)
                folder.rename(place)
    return place if node and place.exists() else None


NEEDS: dict[str, tuple[Callable[[], Path | None], str]] = {
    "chromium": (
        lambda: _program("chromium", "chromium-browser", "google-chrome"),
        "This test needs a browser: apt-get install chromium.",
    ),
    "rabbitmq": (lambda: _program("rabbitmq-server"), "This test needs RabbitMQ: apt-get install rabbitmq-server."),
    "openssl": (lambda: _program("openssl"), "This test makes a certificate: apt-get install openssl."),
    "dovecot": (lambda: _program("dovecot"), "This test needs an IMAP server: apt-get install dovecot-imapd."),
    "celery-node": (
        _foreign,
        "This test needs celery-node, which npm installs: apt-get install nodejs npm, and let npm reach its registry.",
    ),
    "axe": (_foreign, "This test needs axe-core, which npm installs: apt-get install nodejs npm, and let npm reach its registry."),
    "real-data": (_real_data, "This test needs the samples of real data: ORDERPIPE_REAL_DATA names their folder."),
}


def require(name: str) -> Path:
    """Where the needed program or folder lies; without it the test is skipped, or fails when ORDERPIPE_REQUIRE names it."""
    find, sentence = NEEDS[name]
    found = find()
    if found is not None:
        return found
    if name in os.environ.get("ORDERPIPE_REQUIRE", "").replace(" ", "").split(","):
        pytest.fail(f"{sentence} ORDERPIPE_REQUIRE says that it has to be there.", pytrace=False)
    pytest.skip(sentence)
