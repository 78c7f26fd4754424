"""
Runs one command on a leash: as another user if asked, and sent a signal by the kernel when the supervisor that started it is gone.

This is a program of its own, started before the command and replaced by it, because the code that Python runs between fork and exec in a
process with threads can hang. Usage: leash.py SUPERVISOR_PID SIGNAL UID GID COMMAND…, with - for an unchanged user.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def become(uid: str, gid: str) -> None:
    """Drop root's rights for those of this user."""
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))


def die_with(supervisor: int, signal: int) -> None:
    """Ask the kernel for this signal when the supervisor ends; only Linux can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != supervisor:  # it ended before we could ask
        sys.exit(1)


if __name__ == "__main__":
    supervisor, signal, uid, gid, *command = sys.argv[1:]
    become(uid, gid)
    die_with(int(supervisor), int(signal))  # after `become`, because a change of user clears the kernel's note
    os.execvp(command[0], command)
