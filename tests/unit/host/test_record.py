"""What was recorded is replayed: every answer, deterministically and without secrets."""

import os

import pytest

from auditor.errors import OutputError
from auditor.host import Unreadable
from auditor.host._withheld import without_secrets
from auditor.host.live import LiveHost
from auditor.host.record import RecordingHost
from auditor.host.tree import TreeHost


def test_names_that_are_no_file_names_survive(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    names = [b"\xff\xfe", b"new\nline", b"x" * 250, "名前".encode(), b"a:b\\c", b"\xe2\x80\xae"]
    for name in names:
        (source / os.fsdecode(name)).write_bytes(name)
    host = RecordingHost(LiveHost())
    listed = host.list(str(source))
    for name in listed:
        host.read(f"{source}/{name}")
    host.save(tmp_path / "saved", at="")
    replay = TreeHost(tmp_path / "saved")
    assert replay.list(str(source)) == listed
    assert [replay.read(f"{source}/{name}") for name in listed] == sorted(names)


def test_the_same_answers_give_the_same_bytes(tmp_path):
    for order in (("/etc/passwd", "/etc/group"), ("/etc/group", "/etc/passwd")):
        host = RecordingHost(LiveHost())
        for path in order:
            host.stat(path)
            host.read(path)
        host.save(tmp_path / order[0][5:], at="2026-01-01T00:00:00Z")
    first = (tmp_path / "passwd/host.json").read_bytes()
    assert first == (tmp_path / "group/host.json").read_bytes()


def test_a_question_is_asked_once(tmp_path):
    (tmp_path / "file").write_text("1")
    host = RecordingHost(LiveHost())
    assert host.read(f"{tmp_path}/file") == b"1"
    (tmp_path / "file").write_text("2")
    assert host.read(f"{tmp_path}/file") == b"1"


def test_a_beginning_then_the_whole(tmp_path):
    (tmp_path / "file").write_text("abcdef")
    host = RecordingHost(LiveHost())
    path = f"{tmp_path}/file"
    with pytest.raises(Unreadable):
        host.read(path, limit=2)
    assert host.read(path, limit=2, head=True) == b"ab"
    assert host.read(path) == b"abcdef"
    host.save(tmp_path / "saved", at="")
    replay = TreeHost(tmp_path / "saved")
    assert replay.read(path) == b"abcdef"
    with pytest.raises(Unreadable):
        replay.read(path, limit=2)


def test_a_path_below_a_file_survives(tmp_path):
    (tmp_path / "a").write_text("1")
    host = RecordingHost(LiveHost())
    host.read(f"{tmp_path}/a")
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").write_text("2")
    host._host.close()
    host._host = LiveHost()
    host.read(f"{tmp_path}/a/b")
    host.save(tmp_path / "saved", at="")
    replay = TreeHost(tmp_path / "saved")
    assert replay.read(f"{tmp_path}/a") == b"1"
    assert replay.read(f"{tmp_path}/a/b") == b"2"


def test_only_an_empty_folder_is_written(tmp_path):
    (tmp_path / "something").touch()
    with pytest.raises(OutputError):
        RecordingHost(LiveHost()).save(tmp_path, at="")


def test_secrets_of_processes_are_not_recorded():
    environ = b"HF_TOKEN=abc\0PATH=/bin\0URL=http://u:p@h.example\0"
    assert without_secrets("/proc/1/environ", environ, 9999) == (
        b"HF_TOKEN=[redacted]\0PATH=/bin\0URL=http://h.example\0"
    )
    assert without_secrets("/proc/1/cmdline", b"x\0--api-key\0abc\0", 9999) == (
        b"x\0--api-key\0[redacted]\0"
    )
    assert without_secrets("/etc/passwd", b"password=x", 9999) == b"password=x"
    once = without_secrets("/proc/1/environ", environ, 9999)
    assert without_secrets("/proc/1/environ", once, 9999) == once
