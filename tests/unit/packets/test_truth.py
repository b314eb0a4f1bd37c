"""What is read of a made capture is what was put in: flows, bytes, names, kinds, skipped."""

import pytest

from tests.captures import compare
from tests.captures.__main__ import write
from tests.captures.library import BUILDERS, Made, forms

FORMS = (
    "micro", "nano-big-endian", "micro-big-endian", "pcapng", "pcapng-micro", "pcapng-big-endian",
    "pcapng-offset", "pcapng-simple", "gzip", "gzip-members", "pcap-snap-96", "pcapng-snap-128",
    "pcapng-strange-blocks", "zstd", "zstd-frames", "pcapng-interfaces", "pcapng-sections",
)  # fmt: skip


def assert_truth(folder, made: Made):
    path = folder / f"{made.name}.cap"
    path.write_bytes(made.data)
    captured = compare.read(path)
    assert not compare.crashes(captured)
    assert not compare.counts_differ(captured.records, made.truth)
    assert not compare.flows_differ(captured.records, made.truth, made)
    if made.names:
        assert not compare.kinds_differ(captured.records, made.truth)
        assert not compare.queries_differ(captured.records, made.truth)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_scene_and_link_is_read_exactly(tmp_path, name):
    assert_truth(tmp_path, BUILDERS[name]())


@pytest.fixture(scope="module")
def in_forms():
    return {made.name: made for made in forms()}


def test_the_forms_are_those_that_are_listed(in_forms):
    assert tuple(sorted(in_forms)) == tuple(sorted(FORMS))


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_file_is_read_exactly(tmp_path, in_forms, name):
    assert_truth(tmp_path, in_forms[name])


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_mixed_traffic_is_read_exactly(tmp_path, suffix):
    """More than a batch, so that flows go on from one into the next."""
    path = tmp_path / f"mixed.{suffix}"
    truth = write(path, 60_000, seed=3)
    captured = compare.read(path)
    assert not captured.gaps
    assert not compare.counts_differ(captured.records, truth)
    assert not compare.flows_differ(captured.records, truth)
    assert not compare.kinds_differ(captured.records, truth)
    assert not compare.queries_differ(captured.records, truth)
