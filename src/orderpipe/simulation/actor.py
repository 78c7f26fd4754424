"""
Somebody in the demo with work to do: looks at their work list every now and then, in a thread of their own, until the demo ends.

Whoever finds the other side slow looks less often, so that watching never takes the machine from those who work.
"""

import threading
import time
import traceback
from abc import ABC, abstractmethod

from orderpipe.simulation.door import Unanswered
from orderpipe.simulation.scene import Scene

_AT_LEISURE = 3
"""Looking takes at most one part in so many and one of an actor's time, unless it takes long."""
_LONGEST_PAUSE = 3.0


class Actor(ABC):
    """One actor; at least `pause` seconds lie between two looks. What goes wrong is written down, and the actor carries on."""

    pause = 0.3

    def __init__(self, name: str, scene: Scene) -> None:
        self.name, self.scene = name, scene
        self._asked_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def look(self) -> None:
        """Do what there is to do now."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the actor end after what they are doing."""
        self._asked_to_stop.set()

    def wait(self, seconds: float) -> None:
        """Wait for the actor to have ended."""
        self._thread.join(seconds)

    def stopping(self, seconds: float = 0.0) -> bool:
        """Whether the actor is to stop; waits so many seconds for that."""
        return self._asked_to_stop.wait(seconds)

    def _run(self) -> None:
        took = 0.0
        while not self.stopping(max(self.pause, min(_AT_LEISURE * took, _LONGEST_PAUSE))):
            began = time.monotonic()
            try:
                self.look()
            except Exception as error:
                self._report(error)
            took = time.monotonic() - began

    def _report(self, error: Exception) -> None:
        if self.stopping():
            return  # the other side is going away, too
        place = "" if isinstance(error, Unanswered) else f" at {_place_of(error)}"
        self.scene.trouble(f"{self.name}: {type(error).__name__}{place}: {error}")


def _place_of(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
