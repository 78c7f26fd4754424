"""
What was learned, ready to give dates: the effects of each sign, the drift of the day and how times spread. It is a JSON object when kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp
from typing import Any

import numpy as np

from orderpipe.domain.lead_times.columns import REGION, Floats, Ints
from orderpipe.domain.lead_times.correction import corrected
from orderpipe.domain.lead_times.days import Clock
from orderpipe.domain.lead_times.facts import Known, moment, signs
from orderpipe.domain.lead_times.scale import EDGES


class NotAReliability(ValueError):
    """A reliability is a share above 0 and below 1, such as 0.95."""


Effects = tuple[Mapping[str, tuple[float, float]], ...]
"""For each sign, what each of its keys adds to the logarithm of the time, and to the logarithm of its spread."""


@dataclass(frozen=True, slots=True)
class Model:
    """
    What is known on the day `learned_on` of how long orders take. `left`: the share still to come at each edge of the common scale;
    `shift` and `region_shifts` move it, in spreads; `queue` is added to the logarithm of the time,
    `corrections` are those of the anchors.
    """

    learned_on: date
    clock: Clock
    base: float
    spread: float
    least_spread: float
    most_spread: float
    effects: Effects
    left: Sequence[float]
    shift: float
    region_shifts: Mapping[str, float]
    queue: float
    corrections: Sequence[float]

    def dates(self, known: Sequence[Known], reliability: float) -> list[date]:
        """For each order, the first day by whose end it is delivered with this reliability. Raises NotAReliability."""
        return [date.fromordinal(int(day)) for day in self.days(known, [reliability])[0]]

    def days(self, known: Sequence[Known], reliabilities: Sequence[float]) -> Ints:
        """The same as ordinals of dates, a row for each reliability. Raises NotAReliability."""
        places = np.array([self.place(reliability) for reliability in reliabilities])
        middles, spreads = self._expected(known)
        bought = self.clock.at(np.array([moment(one.bought_at) for one in known]))
        return self.clock.day_of(np.exp(middles + spreads * places[:, None]) + bought)

    def place(self, reliability: float) -> float:
        """Where on the common scale so many have been delivered. Raises NotAReliability."""
        if not 0 < reliability < 1:
            raise NotAReliability("A reliability is a share above 0 and below 1, such as 0.95.")
        share = corrected(reliability, np.asarray(self.corrections))
        return float(np.interp(1 - share, np.asarray(self.left)[::-1], EDGES[::-1]))

    def _expected(self, known: Sequence[Known]) -> tuple[Floats, Floats]:
        middles, spreads = np.empty(len(known)), np.empty(len(known))
        for place, one in enumerate(known):
            middle, spread = self.base, self.spread
            shown = signs(one)
            for effects, key in zip(self.effects, shown, strict=True):
                effect = effects.get(key)
                if effect is not None:
                    middle += effect[0]
                    spread += effect[1]
            spreads[place] = wide = min(max(exp(spread), self.least_spread), self.most_spread)
            middles[place] = middle + wide * (self.shift + self.region_shifts.get(shown[REGION], 0.0)) + self.queue
        return middles, spreads

    def as_json(self) -> dict[str, Any]:
        """For keeping, as `from_json` reads it."""
        kept = {name: getattr(self, name) for name in self.__slots__ if name not in ("clock", "learned_on")}
        clock = {name: getattr(self.clock, name) for name in ("country", "first", "last", "worth")}
        return kept | {"clock": clock, "learned_on": self.learned_on.isoformat()}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Model":
        """A model that was kept."""
        clock = Clock(**{**kept["clock"], "worth": tuple(kept["clock"]["worth"])})
        effects = tuple({key: (middle, spread) for key, (middle, spread) in sign.items()} for sign in kept["effects"])
        return cls(**{**kept, "clock": clock, "effects": effects, "learned_on": date.fromisoformat(kept["learned_on"])})
