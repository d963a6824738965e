"""Does waiting for many files wait for all of them, with one call where the system can?"""

import errno
import sys

import pytest

from srkit_core.errors import DiskFullError
from srkit_core.io import atomic
from srkit_core.io.atomic import flush_all, write_parts


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / name / f"{number}.bin" for name in "ab" for number in range(10)]
    for path in paths:
        write_parts(path, (b"content",), flushed=False)
    return paths


@pytest.fixture
def waits(monkeypatch):
    """Return what is waited for: a list that grows."""
    waited, real = [], atomic.os.fsync
    monkeypatch.setattr(atomic.os, "fsync", lambda handle: (waited.append(handle), real(handle)))
    return waited


def test_what_is_not_flushed_is_there_and_nobody_waits(tmp_path, waits):
    write_parts(tmp_path / "a", (b"1", b"2"), flushed=False)
    assert ((tmp_path / "a").read_bytes(), waits) == (b"12", [])
    write_parts(tmp_path / "b", (b"3",))
    assert len(waits) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.skipif(sys.platform != "linux", reason="syncfs is Linux's")
def test_linux_waits_once(files, waits):
    flush_all(files)
    assert waits == []


@pytest.mark.parametrize("why", ["another system", "an old kernel", "no such call"])
def test_others_wait_for_every_file_and_folder(files, waits, monkeypatch, why):
    if why == "another system":
        monkeypatch.setattr(atomic.sys, "platform", "darwin")
    elif why == "an old kernel":
        monkeypatch.setattr(atomic, "_tells_of_failures", lambda: False)
    else:
        monkeypatch.setattr(atomic.ctypes, "CDLL", lambda *_, **__: object())
    flush_all(files)
    assert len(waits) == len(files) + 2


@pytest.mark.skipif(sys.platform != "linux", reason="syncfs is Linux's")
@pytest.mark.parametrize(("number", "waited"), [(errno.ENOSYS, 22), (errno.ENOSPC, None)])
def test_a_failure_is_told_and_what_is_not_known_is_done_otherwise(
    files, waits, monkeypatch, number, waited
):
    class Library:
        @staticmethod
        def syncfs(handle):
            return -1

    monkeypatch.setattr(atomic.ctypes, "CDLL", lambda *_, **__: Library)
    monkeypatch.setattr(atomic.ctypes, "get_errno", lambda: number)
    if waited is None:
        with pytest.raises(DiskFullError, match="the disk is full"):
            flush_all(files)
    else:
        flush_all(files)
        assert len(waits) == waited


def test_nothing_is_waited_for_where_there_is_nothing(waits):
    flush_all([])
    assert waits == []
