"""How far it has come, in words."""

import pytest

from auditor.pace import Pace, duration, size


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_words():
    clock, said = Clock(), []
    pace = Pace(said.append, clock=clock)
    pace(0, 10**12)
    clock.now = 10
    pace(11 * 10**9, 10**12)
    clock.now = 60
    pace(10**12, 10**12)
    assert said == [
        "0 B of 1.0 TB hashed",
        "11 GB of 1.0 TB hashed, 1.1 GB/s, 15 min left",
        "1.0 TB of 1.0 TB hashed",
    ]


def test_the_next_store_begins_anew_and_what_stands_still_has_no_pace():
    clock, said = Clock(), []
    pace = Pace(said.append, clock=clock)
    pace(500, 1000)
    clock.now = 5
    pace(0, 10)
    clock.now = 10
    pace(0, 10)
    pace(0, 0)
    assert said[1:] == ["0 B of 10 B hashed"] * 2 + ["0 B of 0 B hashed"]


@pytest.mark.parametrize(
    "count, text",
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9_950, "9.9 kB"), (12_345, "12 kB"),
     (1_500_000_000, "1.5 GB"), (10**21, "1000 EB")],
)  # fmt: skip
def test_sizes(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    "seconds, text", [(0.4, "0 s"), (59, "59 s"), (90, "2 min"), (5400, "1.5 h"), (180_000, "2.1 days")]
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text
