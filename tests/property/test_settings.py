"""Taking knowledge away never makes a setting safe."""

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from msgspec import structs

from auditor.catalogues.settings import settings
from auditor.derive._switches import Situation, state_of

VARIABLES = sorted({w.variable for s in settings() for w in s.switches if w.variable})
FLAGS = sorted({w.flag for s in settings() for w in s.switches if w.flag})
VALUES = st.sampled_from(
    ["", "0", "1", "true", "True", "false", "off", "on", "*", "http://10.0.0.1", "evil.example"]
)


def inside(host):
    return {"10.0.0.1": True, "evil.example": False}.get(host)


SETTING = st.sampled_from(settings())


@st.composite
def situations(draw):
    setting = draw(SETTING)
    own = [s.variable for s in setting.switches if s.variable] or VARIABLES[:1]
    environment = draw(st.dictionaries(st.sampled_from(own), VALUES, max_size=4))
    flags = [s.flag for s in setting.switches if s.flag] or FLAGS[:1]
    pairs = draw(st.lists(st.tuples(st.sampled_from(flags), VALUES), max_size=3))
    arguments = tuple(f"{flag}={value}" if value else flag for flag, value in pairs)
    return setting, Situation(environment=environment, arguments=arguments, inside=inside)


@given(found=situations(), what=st.sampled_from(["environment", "arguments"]))
@examples(max_examples=300, deadline=None)
def test_what_could_not_be_read_never_turns_a_leak_into_safety(found, what):
    setting, situation = found
    known = state_of(setting, situation)
    less = state_of(setting, structs.replace(situation, **{what: None}))
    if less == "safe":
        assert known == "safe"
    if less in ("unsafe", "unset"):
        assert known in ("unsafe", "unset")


@given(found=situations(), name=st.sampled_from(VARIABLES))
@examples(max_examples=300, deadline=None)
def test_a_value_that_is_not_resolved_never_turns_a_leak_into_safety(found, name):
    setting, situation = found
    hidden = {key: None if key == name else value for key, value in situation.environment.items()}
    less = state_of(setting, structs.replace(situation, environment=hidden))
    if less == "safe":
        assert state_of(setting, situation) == "safe"
