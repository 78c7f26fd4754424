"""
Servers that outlived the supervisor which started them, found by the folder they work in.

A file with a process id would not do: the number may have gone to another process since.
"""

from pathlib import Path
from signal import SIGTERM, Signals

import psutil

PATIENCE_SECONDS = 10


def servers_in(folder: Path, name: str) -> list[psutil.Process]:
    """The processes of this name that work in this folder; those of other users that we may not look at are left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == name and Path(process.cwd()) == folder.resolve():
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_servers_in(folder: Path, name: str, *, ask_with: Signals = SIGTERM) -> None:
    """End them and wait until they are gone; whoever takes longer than ten seconds is killed."""
    old = servers_in(folder, name)
    numbers = {process.pid for process in old}
    for process in old:
        try:
            if process.ppid() not in numbers:  # the server itself, not the helpers that it ends in good order
                process.send_signal(ask_with)
        except psutil.NoSuchProcess:
            continue
    for process in psutil.wait_procs(old, timeout=PATIENCE_SECONDS)[1]:
        process.kill()
