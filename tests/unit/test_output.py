"""Files are written whole, private, and never through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from auditor import output
from auditor.errors import OutputError


def test_files_are_private_to_their_owner(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        folder = tmp_path / "out"
        (path,) = output.write_all(folder, {"a.json": b"1"})
    finally:
        os.umask(previous)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"1"
    assert [p.name for p in folder.iterdir()] == ["a.json"]


def test_a_link_at_the_name_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"keep")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.html").symlink_to(victim)
    output.write_all(folder, {"report.html": b"new"})
    assert victim.read_bytes() == b"keep"
    assert not (folder / "report.html").is_symlink()
    assert (folder / "report.html").read_bytes() == b"new"


def test_a_run_that_fails_leaves_the_files_of_the_run_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output.write_all(tmp_path, {"a": b"old", "b": b"old"})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device", "disk")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        output.write_all(tmp_path, {"a": b"new", "b": b"new"})
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}


def test_a_folder_at_a_files_name_is_refused_before_the_first_file_is_replaced(
    tmp_path: Path,
) -> None:
    output.write_all(tmp_path, {"a": b"old"})
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError, match="a folder is where a file") as caught:
        output.write_all(tmp_path, {"a": b"new", "b": b"new"})
    assert caught.value.where == str(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_system_that_refuses_every_change_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system", str(tmp_path))

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OutputError, match="Read-only file system"):
        output.write_all(tmp_path, {"a": b"1"})


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"x")
    with pytest.raises(OutputError, match="not a folder"):
        output.write_all(tmp_path / "out", {"a": b""})


def test_a_dangling_link_as_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError):
        output.write_all(tmp_path / "out", {"a": b""})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="-o"):
        output.write_all(tmp_path / "out", {"a": b""})
    tmp_path.chmod(0o700)
