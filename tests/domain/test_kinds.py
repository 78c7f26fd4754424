"""
The registry of kinds: every letter there is has its entry, and none that customers must get can be turned off.
"""

from pathlib import Path

import pytest

from orderpipe.channels import letters
from orderpipe.channels.wording import LANGUAGES
from orderpipe.domain.decisions import Audience
from orderpipe.domain.kinds import BUNDLED, KINDS, NECESSARY, OPTIONAL, OUTDATED, audience_of, kind_of

FOLDER = Path(letters.__file__).parent / "templates"


@pytest.mark.parametrize("language", LANGUAGES)
def test_knows_every_letter_there_is(language: str) -> None:
    assert {path.stem for path in (FOLDER / language).glob("*.jinja")} == set(KINDS)


def test_lets_nobody_turn_off_what_they_must_know() -> None:
    assert set(OPTIONAL) == {"shipped", "out-for-delivery", "part-delivered", "thank-you", "rating-reminder"}
    assert set(OPTIONAL) | set(NECESSARY) == {name for name in KINDS if audience_of(name) == Audience.CUSTOMER}
    assert not kind_of("a-kind-of-a-later-release").optional


def test_outdates_and_bundles_only_what_there_is() -> None:
    assert {one for pair in OUTDATED for one in pair} | set(BUNDLED) <= set(KINDS)
    assert not {name for name in BUNDLED if KINDS[name].urgent}
