"""Does work go on where a file system knows no locks, and cannot wait for its disk?"""

import errno
import fcntl
import logging
import os

import pytest
from filelock import Timeout

from srkit_core.engine.checkpoints.run_lock import run_lock
from srkit_core.engine.machine.processes import open_processes
from srkit_core.errors import DataError, DiskFullError, RecipeError
from srkit_core.io.atomic import write_text
from srkit_core.locks import go_on_without, locked
from srkit_core.run_folder import RunFolder

UNKNOWN = [errno.EINVAL, errno.ENOTSUP, errno.ENOLCK, errno.EPERM, errno.ENOSYS]


@pytest.fixture(autouse=True)
def nothing_noted():
    go_on_without.cache_clear()


def refusing(number):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", UNKNOWN, ids=errno.errorcode.get)
def test_a_disk_that_cannot_be_waited_for_is_noted_once(tmp_path, monkeypatch, caplog, number):
    monkeypatch.setattr(os, "fsync", refusing(number))
    with caplog.at_level(logging.WARNING):
        for name in ("a.txt", "b.txt"):
            write_text(tmp_path / name, "whole")
            assert (tmp_path / name).read_text() == "whole"
    said = [text for text in caplog.messages if str(tmp_path) in text and "waiting" in text]
    assert len(said) == len(set(said)) <= 2  # of the file's folder, and of the folder's own
    assert os.strerror(number) in said[0]


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, DiskFullError), (errno.EDQUOT, DiskFullError), (errno.EIO, DataError)],
    ids=str,
)
def test_what_is_no_lack_of_knowledge_is_an_error_that_names_the_file(
    tmp_path, monkeypatch, number, kind
):
    monkeypatch.setattr(os, "fsync", refusing(number))
    with pytest.raises(kind, match=r"a\.txt"):
        write_text(tmp_path / "a.txt", "lost")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", UNKNOWN[:-1], ids=errno.errorcode.get)
@pytest.mark.parametrize("wait", [True, False])
def test_work_goes_on_without_locks_and_a_note(tmp_path, monkeypatch, caplog, number, wait):
    monkeypatch.setattr(fcntl, "flock", refusing(number))
    done = []
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with locked(tmp_path / ".lock", wait=wait):
                done.append(True)
    assert len(done) == 2
    (said,) = caplog.messages
    assert said.startswith(f"the file system of {tmp_path} knows no locks (")


def test_a_run_trains_without_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(fcntl, "flock", refusing(errno.ENOLCK))
    with open_processes("cpu", "fp32") as processes, run_lock(RunFolder(tmp_path / "r"), processes):
        assert (tmp_path / "r").is_dir()


def test_a_lock_that_is_held_still_keeps_others_out(tmp_path):
    path, folder = tmp_path / ".lock", RunFolder(tmp_path)
    with locked(path, wait=False), pytest.raises(Timeout), locked(path, wait=False):
        pytest.fail("two hold it")
    with (
        open_processes("cpu", "fp32") as processes,
        run_lock(folder, processes),
        pytest.raises(RecipeError, match="another process is training"),
        run_lock(folder, processes),
    ):
        pytest.fail("two hold it")
    with locked(path, wait=False):
        assert path.exists()


def test_an_error_of_the_work_inside_a_lock_is_its_own(tmp_path):
    with pytest.raises(OSError, match="of the work"), locked(tmp_path / ".lock", wait=False):
        raise OSError(errno.EPERM, "of the work")
