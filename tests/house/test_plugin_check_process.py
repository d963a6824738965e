"""Does `srkit plugin check` outlive what plugins do to its process?

Slow: each test starts processes that import torch, two to ten seconds.
"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow

COMPONENT = """
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.specs import LossSpec

def {name}() -> ReferenceLoss:
    \"\"\"A loss that misbehaves.\"\"\"
    {body}
    return lambda sr, hr: (sr - hr).abs().mean()

@hookimpl
def srkit_components():
    return [LossSpec(name="{name}", factory={name}, summary="for this test", licence="MIT")]
"""


def install(folder, name, body):
    """Put a plugin beside the installed ones, as an installer would."""
    info = folder / f"srkit_{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: srkit-{name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[srkit.plugins]\n{name} = srkit_{name}\n")
    (folder / f"srkit_{name}.py").write_text(COMPONENT.format(name=name, body=body))


def check(folder, *words, **options):
    return subprocess.run(
        [sys.executable, "-m", "srkit_core", "plugin", "check", *words, "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(folder)},
        **options,
    )


def failing(found, name):
    (row,) = (one for one in found["components"] if one["name"] == name)
    return [one["why"] for one in row["checks"] if one["passed"] is False]


def test_one_that_ends_the_process_fails_and_the_others_are_tried(tmp_path):
    install(tmp_path, "aaa", "import os; os._exit(0)")
    install(tmp_path, "bbb", "print('built', flush=True)")
    done = check(tmp_path, "srkit-aaa", "srkit-bbb")
    found = json.loads(done.stdout)
    assert done.returncode == 3
    whys = failing(found, "aaa")
    assert any(why.startswith("it ended the process with the exit code 0") for why in whys)
    assert any(why.startswith("not reached: ") for why in whys)
    assert not any("exit code" in why for why in failing(found, "bbb"))
    assert "error: " in done.stderr


def test_one_that_never_ends_is_stopped(tmp_path):
    install(tmp_path, "aaa", "while True: pass")
    install(tmp_path, "bbb", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    begun = time.monotonic()
    done = check(tmp_path, "srkit-aaa", "srkit-bbb", "--seconds", "4")
    found = json.loads(done.stdout)
    assert done.returncode == 3
    assert any(why == "it took longer than 4 s" for why in failing(found, "aaa"))
    assert any("by SIGSEGV" in why for why in failing(found, "bbb"))
    assert time.monotonic() - begun < 120


@pytest.mark.skipif(os.name != "posix", reason="signals are another matter there")
def test_ctrl_c_ends_it_and_what_it_started(tmp_path):
    marker = tmp_path / "alive"
    body = f"import time; open({str(marker)!r}, 'w').write(str(__import__('os').getpid()));"
    install(tmp_path, "aaa", f"{body} time.sleep(600)")
    running = subprocess.Popen(
        [sys.executable, "-m", "srkit_core", "plugin", "check", "srkit-aaa"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    until = time.monotonic() + 120
    while not (marker.exists() and marker.read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told.startswith("error: interrupted\ntry: ")
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)
