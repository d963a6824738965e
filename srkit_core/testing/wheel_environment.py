"""Where is a wheel installed to be checked, without touching this environment?"""

import os
import shutil
import site
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from srkit_core.errors import PluginError
from srkit_core.testing.wheel_file import WheelFile, requirement_name


@contextmanager
def wheel_environment(wheel: WheelFile) -> Iterator[Path]:
    """Make an environment that has a wheel, and sees what is installed in this one; it is gone when
    the block is left. Yields its Python.

    Raises PluginError when something that the wheel needs is not installed here, and when it cannot
    be installed.
    """
    missing = missing_requirements(wheel)
    if missing:
        raise PluginError(
            f"{wheel.path.name} needs {', '.join(missing)}, which is not installed here",
            hint=f"pip install {' '.join(missing)}",
        )
    with tempfile.TemporaryDirectory(prefix="srkit-check-") as folder:
        venv.EnvBuilder(symlinks=os.name == "posix", with_pip=False).create(folder)
        python = Path(folder) / ("bin/python" if os.name == "posix" else "Scripts/python.exe")
        _see_this_one(python)
        _install(wheel, python)
        yield python


def missing_requirements(wheel: WheelFile) -> list[str]:
    """Return what a wheel needs, in every case, and what is not installed here."""
    needed = wheel.metadata.get_all("Requires-Dist") or []
    always = [requirement_name(one) for one in needed if ";" not in one]
    return sorted({name for name in always if name and not _is_installed(name)})


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _see_this_one(python: Path) -> None:
    """Let an environment import what this one can, after what it has itself."""
    base = str(python.parents[1])
    own = sysconfig.get_path("purelib", "venv", {"base": base, "platbase": base})
    folders = dict.fromkeys(
        folder for folder in (*site.getsitepackages(), *sys.path) if folder.endswith("-packages")
    )
    lines = [f"import site; site.addsitedir({folder!r})\n" for folder in folders]
    (Path(own) / "zz_of_the_environment_it_is_checked_from.pth").write_text("".join(lines))


def _install(wheel: WheelFile, python: Path) -> None:
    done = subprocess.run(
        [*_installer(python), "--quiet", "--no-deps", "--no-index", str(wheel.path.absolute())],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines() or ["no reason is said"]
        raise PluginError(
            f"{wheel.path.name} cannot be installed: {' '.join(told)[-300:]}", hint="build it again"
        )


def _installer(python: Path) -> list[str]:
    """Return the command that installs into an environment: uv where it is, else pip."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", str(python)]
    if not _is_installed("pip"):
        raise PluginError("neither uv nor pip is here to install a wheel", hint="pip install uv")
    return [sys.executable, "-m", "pip", "--python", str(python), "install"]
