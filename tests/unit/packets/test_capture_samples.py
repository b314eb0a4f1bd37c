"""The captures in `samples/` are those that the generator writes, and are read as it says."""

from auditor.evidence.traffic import Capture
from tests.captures import compare
from tests.captures.samples import FOLDER, samples


def test_the_samples_are_what_the_generator_writes():
    made = dict(samples())
    assert {path.name for path in FOLDER.iterdir()} == {*made, "README.md"}
    for name, data in made.items():
        assert (FOLDER / name).read_bytes() == data


def test_the_sample_that_is_cut_says_so():
    captured = compare.read(FOLDER / "cut.pcap")
    (capture,) = (each for each in captured.records if isinstance(each, Capture))
    assert capture.truncated
    assert capture.packets == 59
    assert captured.gaps
