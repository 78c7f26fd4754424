"""
The stages by the name of their step. Stages do not know each other.
"""

from collections.abc import Mapping

from orderpipe.stages import allocate, complete, deliver, pack, pick, promise, release, ship, validate
from orderpipe.stages.stage import Stage

STAGES: Mapping[str, Stage] = {
    "validate": validate,
    "allocate": allocate,
    "promise": promise,
    "release": release,
    "pick": pick,
    "pack": pack,
    "ship": ship,
    "deliver": deliver,
    "complete": complete,
}
"""`receive` is not among them: it makes units instead of moving them."""
