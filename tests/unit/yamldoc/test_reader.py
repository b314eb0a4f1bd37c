"""Bytes become text, or an error that says where."""

import re
import sys

import pytest

from auditor.errors import DocumentError
from auditor.yamldoc import Limits, load, load_all, reader


def refused(data, **limits):
    with pytest.raises(DocumentError) as caught:
        load_all(data, where="f.yaml", limits=Limits(**limits))
    return str(caught.value)


def test_a_byte_order_mark_is_no_text():
    assert load(b"\xef\xbb\xbfa: 1", where="f.yaml").plain() == {"a": 1}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_by_its_mark(encoding):
    text = "a: ü" if encoding == "utf-16" else "\ufeffa: ü"
    assert load(text.encode(encoding), where="f.yaml").plain() == {"a": "ü"}


def test_utf_16_without_a_mark_is_refused():
    assert "U+0000" in refused("a: 1".encode("utf-16-le"))


def test_utf_32_is_refused():
    assert "UTF-32" in refused("a: 1".encode("utf-32"))


def test_invalid_utf_8_is_told_with_its_place():
    assert refused(b"a: 1\nb: \xff").startswith("f.yaml:2:4: the file is not valid UTF-8")
    assert "not valid UTF-16" in refused(b"\xff\xfea")


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x80", "\ufffe", "\x0b"])
def test_control_characters_are_told_with_their_place(character):
    message = refused(f"a: 1\nb: x{character}y".encode())
    assert message.startswith(f"f.yaml:2:5: character U+{ord(character):04X}")


def test_a_file_too_large_is_refused():
    assert "larger than 10 bytes" in refused(b"a: 12345678", size=10)
    assert load(b"a: 1234567", where="f.yaml", limits=Limits(size=10)).plain() == {"a": 1234567}


def test_a_flood_of_directives_is_refused():
    data = b"".join(b"%%TAG !a%d! x\n" % number for number in range(200)) + b"--- 1"
    assert "directives" in refused(data)
    assert load(b"%TAG !a! x\n--- 1", where="f.yaml").plain() == 1


def test_json_is_yaml():
    assert load(b'{"a": [1, true, null, "\\u00e9"]}', where="f").plain() == {
        "a": [1, True, None, "é"]
    }


def test_a_line_separator_ends_a_comment_as_it_does_for_the_cluster():
    text = "a: 1 # harmless\u2028hostNetwork: true\n"
    assert load(text.encode(), where="f.yaml").plain() == {"a": 1, "hostNetwork": True}


def test_what_is_not_printable_is_what_yaml_says():
    allowed = "\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
    refuses = re.compile(f"[^{allowed}]").match
    told = reader._NOT_PRINTABLE.match
    assert all(bool(refuses(chr(c))) == bool(told(chr(c))) for c in range(sys.maxunicode + 1))
