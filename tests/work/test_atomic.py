"""Does a file that cannot be written stay what it was?"""

import errno
import os

import pytest

from srkit_core.errors import DataError, DiskFullError
from srkit_core.io.atomic import UNFINISHED, unfinished, write_bytes, write_text


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def fail_with(number):
    def fsync(_):
        raise OSError(number, os.strerror(number))

    return fsync


def test_a_file_and_its_folders_are_made_and_replaced(tmp_path):
    path = tmp_path / "a folder" / "ünder it" / "file.txt"
    write_text(path, "first\n")
    write_text(path, "söcond\r\nline\n")
    assert path.read_bytes() == "söcond\r\nline\n".encode()
    assert files_in(tmp_path) == ["file.txt"]


def test_who_reads_while_a_file_is_replaced_reads_the_old_one_whole(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "old and long")
    with path.open("rb", buffering=0) as reader:
        assert reader.read(3) == b"old"
        write_text(path, "new")
        assert reader.read() == b" and long"
    assert path.read_text() == "new"


def test_a_file_gets_the_mode_that_any_new_file_gets(tmp_path):
    (tmp_path / "ordinary").write_bytes(b"")
    write_bytes(tmp_path / "atomic", b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, number):
    path = tmp_path / "file.txt"
    write_text(path, "old")
    monkeypatch.setattr(os, "fsync", fail_with(number))
    with pytest.raises(DiskFullError, match=f"the disk is full, {path} was not written"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert files_in(tmp_path) == ["file.txt"]


def test_any_other_failure_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    with pytest.raises(
        DataError, match=f"cannot write {tmp_path / 'file.txt'}: {os.strerror(errno.EIO)}"
    ) as caught:
        write_text(tmp_path / "file.txt", "new")
    assert caught.value.path == tmp_path / "file.txt"
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("inside", ["file/new.txt", "file/deeper/new.txt", "folder"])
def test_an_impossible_place_is_named(tmp_path, inside):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match=f"cannot write {tmp_path / inside}: "):
        write_text(tmp_path / inside, "new")
    assert files_in(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["a" * 246 + ".png", "ü" * 125, "." + "b" * 254, "c." + "d" * 253])
def test_a_legal_name_is_never_too_long_for_ours(tmp_path, name):
    assert 250 <= len(os.fsencode(name)) <= 255
    write_text(tmp_path / name, "first")
    write_text(tmp_path / name, "second")
    assert files_in(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "second"


@pytest.mark.parametrize("name", ["a.png", "a" * 250, "ü" * 100 + ".safetensors"])
def test_what_is_left_half_written_is_known_by_its_name(tmp_path, name):
    beside = unfinished(tmp_path / name)
    assert beside.match(UNFINISHED)
    assert beside.parent == tmp_path
    assert beside != unfinished(tmp_path / f"{name[:-1]}b")


def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "file.txt", "new")
    assert files_in(tmp_path) == []
