"""
Seal the journal: what happened up to a few minutes ago gets one hash, kept in the database and in a file outside it.

The file is written first and is the one to be believed: a seal that stands there alone, after a crash or a restored backup, is
taken over into the database as it is.
"""

import logging
from datetime import datetime

from orderpipe.domain.seals import Seal, Tally, UnreadableSeal, hash_of, line_of, seal_of
from orderpipe.store import seals
from orderpipe.store.metadata import Tx
from orderpipe.store.seal_file import SealFile

log = logging.getLogger(__name__)


def seal_next(tx: Tx, file: SealFile, now: datetime) -> Seal | None:
    """
    Seal the next span of the journal that is old enough, in this transaction; None when there is none.

    Called again with the same `now` until there is none, it seals all that was old enough then. Raises SealsOutOfReach, and then
    nothing is sealed.
    """
    seals.lock(tx, sealing=True)
    last = seals.last(tx)
    if ahead := _written_after(file, last):
        return _take_over(tx, ahead)
    begins_at = last.until_at if last else None
    until_at = seals.settled_until(tx, now)
    if begins_at and until_at <= begins_at:
        return None
    until_at = seals.cut(tx, begins_at, until_at)
    tally = Tally(seals.leaves(tx, begins_at, until_at))
    root, parts = tally.finish()
    new = Seal(last.number + 1 if last else 1, begins_at, until_at, tally.entries, root, hash_of(last), now)
    # inside the transaction, so that a seal is never in the database without having been in the file
    file.append(line_of(new))
    seals.add(tx, new, parts)
    return new


def _written_after(file: SealFile, last: Seal | None) -> Seal | None:
    """The seal that the file has next after the database's last one."""
    lines = file.lines() or []
    following, number = hash_of(last), last.number + 1 if last else 1
    for line in reversed(lines):
        try:
            one = seal_of(line)
        except UnreadableSeal:
            continue
        if one.number == number and one.previous == following:
            return one
        if one == last:
            return None
    if last is not None:
        log.error("The file of seals %s has lost seal %d; `orderpipe audit verify` tells what differs.", file.path, last.number)
    return None


def _take_over(tx: Tx, written: Seal) -> Seal:
    log.warning("Seal %d stood in the file alone and is taken over.", written.number)
    root, parts = Tally(seals.leaves(tx, written.begins_at, written.until_at)).finish()
    seals.add(tx, written, parts if root == written.root else b"")
    return written
