"""
Learning how long orders take, day by day: effects once a week, the drift, the queue and the kept promises every day.

Each order is measured against what was expected of it when it was bought, never against a later and wiser expectation: only so do past
errors say how large the next ones will be.
"""

from datetime import date

import numpy as np

from orderpipe.domain.lead_times.columns import REGION, History, Seen
from orderpipe.domain.lead_times.correction import ANCHORS, Correction, corrected
from orderpipe.domain.lead_times.days import measured
from orderpipe.domain.lead_times.drift import Shape, common_shift, queue_growth, region_shifts
from orderpipe.domain.lead_times.effects import pooled
from orderpipe.domain.lead_times.facts import SIGNS, SPREADING
from orderpipe.domain.lead_times.model import Effects, Model
from orderpipe.domain.lead_times.scale import EDGES, SHORTEST_DAYS, Expected, Lost, passage

ENOUGH = 200
"""Delivered orders from which on anything is learned."""

EFFECTS_HALF_LIFE_DAYS = 180
EFFECTS_LAST_DAYS = 730
SHAPE_HALF_LIFE_DAYS = 60
SHAPE_LAST_DAYS = 400
DRIFT_HALF_LIFE_DAYS = 7
REGION_HALF_LIFE_DAYS = 21
RECENT_HALF_LIFE_DAYS = 14
RECENT_LAST_DAYS = 100
TREND_DAYS = 14
"""What drifted in so many days is expected to drift once more: the days measured lie about as far back as those promised lie ahead."""
SPREAD_STRENGTH = 5
LEAST_REST = 0.1
LEAST_SPREAD, MOST_SPREAD = 0.5, 2.0
_WEEK = 7
_SPREADING = [list(SIGNS).index(name) for name in SPREADING]
_STRENGTHS = list(SIGNS.values())


class NotEnoughHistory(ValueError):
    """Too few orders were delivered before this day to learn anything from."""


class Learner:
    """Goes through a history from its first days on; what it knows on a day comes of what had happened before that day alone."""

    def __init__(self, history: History, country: str = "") -> None:
        """`country` (ISO 3166-1 alpha-2) is where the public holidays are kept; empty for none."""
        self._history, self._country = history, country
        count = len(history)
        self._middle, self._spread, self._drift = np.zeros(count), np.ones(count), np.zeros(count)
        self._promised = np.full((len(ANCHORS), count), -1)
        self._correction = Correction()
        self._trail: list[float] = []
        self._next: int | None = None

    def until(self, day: date) -> Model:
        """What is known when this day begins. Days are asked for in their order. Raises NotEnoughHistory."""
        today = day.toordinal()
        if self._next is None:
            came = np.sort(self._history.delivered[self._history.delivered < today])
            if len(came) < ENOUGH:
                raise NotEnoughHistory(f"{len(came)} orders were delivered before {day}, and at least {ENOUGH} are needed to learn from.")
            self._first = self._next = int(came[ENOUGH - 1]) + 1
        while self._next <= today:
            if (self._next - self._first) % _WEEK == 0:
                self._learn_effects(self._history.seen(self._next))
            self._learn_drift(self._history.seen(self._next))
            self._next += 1
        return self._model(day)

    def _learn_effects(self, seen: Seen) -> None:
        """What each sign adds, for the orders of the coming week; and how times spread around what was expected."""
        today, history = seen.today, self._history
        first_day = int(history.bought[0]) if len(history) else today
        self._clock = measured(self._country, first_day, today, seen.handed, seen.delivered)
        self._gone = self._clock.at(history.bought)
        came = np.flatnonzero(~np.isnan(seen.delivered) & (seen.bought > today - EFFECTS_LAST_DAYS))
        took = np.log(np.maximum(self._clock.at_end_of(seen.delivered[came]) - self._gone[came], SHORTEST_DAYS))
        weights = 0.5 ** ((today - seen.bought[came]) / EFFECTS_HALF_LIFE_DAYS)
        weeks = ((seen.bought[came] - seen.bought[came[0]]) // _WEEK).astype(np.int64)
        codes = history.codes[:, came]
        self._usual = pooled(took, weights, codes, _STRENGTHS, weeks)
        self._width = float(np.sqrt(np.average(self._usual.rest**2, weights=weights)))
        strengths = [SPREAD_STRENGTH * _STRENGTHS[row] for row in _SPREADING]
        self._wider = pooled(np.log(np.abs(self._usual.rest) + LEAST_REST), weights, codes[_SPREADING], strengths)
        self._effects: Effects | None = None
        self._known_keys = [np.unique(code) for code in codes]
        self._expect(0 if today == self._first else history.bought_before(today), history.bought_before(today + _WEEK))
        self._shape = self._learn_shape(seen)
        self._recent = history.bought_before(today - RECENT_LAST_DAYS)
        recent = slice(self._recent, history.bought_before(today + _WEEK))
        self._recent_days = Expected(self._gone[recent], self._middle[recent], self._spread[recent]).days(self._clock)

    def _expect(self, first: int, last: int) -> None:
        """Write down what is expected of these orders."""
        rows = slice(first, last)
        codes = self._history.codes[:, rows]
        self._middle[rows] = self._usual.of(codes)
        wider = np.exp(self._wider.of(codes[_SPREADING]) - self._wider.base) * self._width
        self._spread[rows] = np.clip(wider, LEAST_SPREAD * self._width, MOST_SPREAD * self._width)

    def _learn_shape(self, seen: Seen) -> Shape:
        """How times spread around what was expected at the purchase, the drift of that day included."""
        rows = slice(self._history.bought_before(seen.today - SHAPE_LAST_DAYS), len(seen.bought))
        expected = Expected(self._gone[rows], self._middle[rows] + self._drift[rows], self._spread[rows])
        passed = passage(expected, self._clock, seen.rows(rows), Lost.among(seen))
        ago = np.maximum(seen.today - expected.days(self._clock), 0)
        deliveries, at_risk = passed.counted(0.5 ** (ago / SHAPE_HALF_LIFE_DAYS))
        return Shape(np.minimum((deliveries + 0.02) / (at_risk + 0.3), 0.9))

    def _learn_drift(self, seen: Seen) -> None:
        """How things are going today; and what that makes of the orders of this day."""
        today, history = seen.today, self._history
        rows = slice(self._recent, len(seen.bought))
        recent = seen.rows(rows)
        lost = Lost.among(seen)
        passed = passage(Expected(self._gone[rows], self._middle[rows], self._spread[rows]), self._clock, recent, lost)
        self._correction.learn(today - 1, self._promised[:, rows], recent.delivered, passed.sure)
        ago = np.maximum(today - self._recent_days[:len(recent.bought)], 0)
        newer = 0.5 ** ((today - recent.bought) / RECENT_HALF_LIFE_DAYS)[:, None]
        self._trail.append(common_shift(self._shape, *passed.counted(newer * 0.5 ** (ago / DRIFT_HALF_LIFE_DAYS))))
        before = self._trail[-1 - TREND_DAYS] if len(self._trail) > TREND_DAYS else self._trail[-1]
        self._shift = 2 * self._trail[-1] - before
        by_region = passed.counted_by(newer * 0.5 ** (ago / REGION_HALF_LIFE_DAYS), history.codes[REGION, rows], len(history.keys[REGION]))
        self._region_shifts = region_shifts(self._shape, *by_region)
        self._queue = queue_growth(self._clock, seen, int(history.bought[0]), 1 - lost.with_seller - lost.with_carrier)
        self._promise(slice(len(seen.bought), history.bought_before(today + 1)))

    def _promise(self, rows: slice) -> None:
        """Write down what these orders of today would be promised, to learn from it."""
        spread = self._spread[rows]
        self._drift[rows] = spread * (self._shift + self._region_shifts[self._history.codes[REGION, rows]]) + self._queue
        asked = np.array([corrected(float(anchor), self._correction.by_anchor) for anchor in ANCHORS])
        places = np.interp(1 - asked, self._shape.left()[::-1], EDGES[::-1])[:, None]
        took = np.exp(self._middle[rows] + self._drift[rows] + spread * places)
        self._promised[:, rows] = self._clock.day_of(took + self._gone[rows])

    def _model(self, day: date) -> Model:
        if self._effects is None:
            self._effects = tuple(self._effects_of(row) for row in range(len(SIGNS)))
        regions = dict(zip(self._history.keys[REGION], self._region_shifts.tolist(), strict=True))
        return Model(
            day, self._clock, self._usual.base, float(np.log(self._width)), LEAST_SPREAD * self._width, MOST_SPREAD * self._width,
            self._effects, self._shape.left().tolist(), self._shift, regions, self._queue, self._correction.by_anchor.tolist(),
        )

    def _effects_of(self, row: int) -> dict[str, tuple[float, float]]:
        keys, known = self._history.keys[row], self._known_keys[row]
        middles = self._usual.effects[row]
        wider = self._wider.effects[_SPREADING.index(row)] if row in _SPREADING else np.zeros(len(middles))
        return {keys[code]: (float(middles[code]), float(wider[code])) for code in known.tolist()}
