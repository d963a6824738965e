"""Does work that takes processes end, or say why not, where a system has little to give?

Slow: each starts srkit in a system of its own.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest

from srkit_core.io.images import write_image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="about /dev/shm and unshare"),
]
SRKIT = [sys.executable, "-m", "srkit_core"]
WISH = (
    "train --gen srvgg(features=4,blocks=1) --loss l1 --batch 2 --patch 32 --steps 3 --device cpu "
    "--workers 2"
)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_image(folder / f"{number}.png", pixels)
    return folder


def words(what, photos, out):
    if what == "train":
        where = ["--data", str(photos), "--val", str(photos), "--out", str(out)]
        return [*SRKIT, *WISH.split(), *where]
    return [*SRKIT, "prepare", str(photos), str(out), "--patch", "whole", "--workers", "2"]


def end_of(command, **environment):
    process = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ | environment,
        check=False,
    )
    return process.returncode, process.stdout + process.stderr


@pytest.mark.parametrize("what", ["train", "prepare"])
def test_a_long_name_of_the_folder_of_temporary_files_is_no_matter(what, photos, tmp_path):
    folder = tmp_path / ("t" * 76)
    folder.mkdir()
    code, output = end_of(words(what, photos, tmp_path / "out"), TMPDIR=str(folder))
    assert code == 0, output


@pytest.mark.parametrize(("what", "code"), [("train", 0), ("prepare", 0)])
def test_a_dev_shm_of_64_kilobytes_suffices(what, code, photos, tmp_path):
    found, output = in_small_shm(64, 0, words(what, photos, tmp_path / "out"))
    assert found == code, output


@pytest.mark.parametrize("what", ["train", "prepare"])
def test_a_full_dev_shm_is_named(what, photos, tmp_path):
    code, output = in_small_shm(4, 4, words(what, photos, tmp_path / "out"))
    assert code != 0
    assert "error: processes cannot be started: No space left on device in /dev/shm" in output


def in_small_shm(kilobytes, full, command):
    if shutil.which("unshare") is None or end_of(["unshare", "-m", "true"])[0]:
        pytest.skip("this system lets nobody mount a /dev/shm of their own")
    fill = f"head -c {full}k /dev/zero > /dev/shm/full" if full else "true"
    mount = f"mount -t tmpfs -o size={kilobytes}k tmpfs /dev/shm"
    return end_of(["unshare", "-m", "sh", "-c", f"{mount}; {fill}; {shlex.join(command)}"])


@pytest.mark.parametrize("what", ["train", "prepare"])
@pytest.mark.parametrize("files", [18, 40])
def test_few_open_files_suffice_or_are_named(what, files, photos, tmp_path):
    command = shlex.join(words(what, photos, tmp_path / "out"))
    code, output = end_of(["sh", "-c", f"ulimit -n {files}; {command}"])
    assert code == 0 or "error: too many files are open at once: this system allows" in output
    assert "Traceback" not in output
    assert files < 40 or code == 0


def test_loading_processes_end_with_a_training_that_is_killed(tmp_path):
    """Large batches: a process that waits to send one is not left waiting for ever."""
    wish = WISH.replace("--patch 32 --steps 3", "--patch 96 --steps 100000").replace("h 2", "h 64")
    main = subprocess.Popen([*SRKIT, *wish.split(), "--out", str(tmp_path / "run")])
    began = psutil.Process(main.pid)
    deadline = time.monotonic() + 120
    while len(began.children()) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(3)
    workers = began.children()
    main.kill()
    main.wait()
    assert len(workers) >= 2
    assert psutil.wait_procs(workers, timeout=20)[1] == []
