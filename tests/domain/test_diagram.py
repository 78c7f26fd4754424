"""
The picture of the flow says what the code does, and the README shows it as it is now.
"""

from pathlib import Path

from orderpipe.domain import diagram
from orderpipe.flow import APPOINTMENT, STEPS, TRANSITIONS, FulfillmentState, OrderState

README = Path(__file__).parents[2] / "README.md"


def test_every_step_has_its_arrow_and_every_state_its_node() -> None:
    picture = diagram.mermaid()
    for step in STEPS[1:]:
        kind = step.unit[0]
        for after in (step.gives, *step.ends):
            assert f"{kind}_{step.takes} -->|{step.name}| {kind}_{after}" in picture
        for wait in step.waits:
            assert f'["{step.takes}<br/>may wait for' in picture
            assert wait in picture
    for state in (*OrderState, *FulfillmentState):
        assert f"_{state}" in picture


def test_a_service_waits_for_its_performer_once_it_is_released() -> None:
    assert 'f_released["released<br/>may wait for pick-scans, performance"]' in diagram.mermaid()
    assert 'f_shipped["shipped<br/>may wait for carrier"]' in diagram.mermaid()


def test_every_way_of_the_flow_is_drawn() -> None:
    drawn = diagram.mermaid().splitlines()
    for before, after in TRANSITIONS:
        if (before, after) == APPOINTMENT or after.value in ("recorded", "refused"):
            continue
        fits = [line for line in drawn if f"_{before.value}" in line.split("-")[0] and line.endswith(f"_{after.value}")]
        assert fits, (before, after)


def test_goes_between_the_markers_and_leaves_the_rest_alone() -> None:
    text = f"# Shop\n\n{diagram.BEGIN}\nold\n{diagram.END}\n\nMore.\n"
    put = diagram.put_into(text)
    assert put == f"# Shop\n\n{diagram.section()}\n\nMore.\n"
    assert diagram.put_into(put) == put
    assert diagram.put_into("# Shop\n") == f"# Shop\n\n{diagram.HEADING}\n\n{diagram.section()}\n"


def test_the_readme_shows_the_flow_as_it_is() -> None:
    text = README.read_text(encoding="utf-8")
    assert diagram.put_into(text) == text, "Run `orderpipe flow --write README.md`."
