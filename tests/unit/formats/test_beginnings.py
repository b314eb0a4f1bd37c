"""A format is asked only of files that begin as its files may: nothing is passed over for it."""

from __future__ import annotations

import pytest

from auditor import formats
from auditor.formats import SNIFFED, Memory
from tests import model_samples
from tests.corpus import hostile_cases

NARROW = [name for name in formats.names() if formats.load(name).begins]
SAMPLES = {name: model_samples.sample(name) for name in model_samples.names()}


def asked_of_all(data):
    """Return what a file is where every format is asked in its turn, whatever the first byte."""
    view = Memory(data)
    ranked = sorted(formats.names(), key=lambda name: (formats.load(name).rank, name))
    return next((n for n in ranked if formats.load(n).recognises(data[:SNIFFED], view)), "")


@pytest.mark.parametrize("name", NARROW)
def test_no_other_first_byte_is_recognised(name):
    form = formats.load(name)
    whole = SAMPLES[name]
    for first in set(range(256)) - set(form.begins):
        for data in (bytes((first,)) + whole[1:], bytes((first,)) + whole, bytes((first,))):
            assert not form.recognises(data[:SNIFFED], Memory(data)), first


@pytest.mark.parametrize("name", SAMPLES)
def test_whatever_a_sample_begins_with_it_is_what_all_formats_say(name):
    for first in range(256):
        data = bytes((first,)) + SAMPLES[name][1:]
        assert formats.recognise(Memory(data)) == asked_of_all(data), first


@pytest.mark.parametrize("blank", [b" ", b"\t\n", b"\r\n", b"\v", b"\f", b"\xef\xbb\xbf", b"\0"])
def test_blanks_before_a_sample_change_nothing_of_that(blank):
    for name, whole in SAMPLES.items():
        data = blank + whole
        assert formats.recognise(Memory(data)) == asked_of_all(data), name


def test_hostile_files_are_what_all_formats_say():
    for case in hostile_cases():
        if case.data:
            assert formats.recognise(Memory(case.data)) == asked_of_all(case.data), case.name


def test_the_table_of_beginnings_is_what_the_formats_say():
    said = {(*formats.told_of(name), name) for name in formats.names()}
    assert {(rank, begins, name) for rank, name, begins in formats._order()} == said


def test_a_format_that_is_not_in_the_table_is_loaded_to_be_asked(monkeypatch, tmp_path):
    whole = formats._order()
    table = tmp_path / "order.json"
    table.write_text('{"gone": [0, "G"], "gguf": [0, "G"]}')
    monkeypatch.setattr(formats, "_ORDER", table)
    formats._order.cache_clear()
    try:
        assert formats._order() == whole
    finally:
        formats._order.cache_clear()
