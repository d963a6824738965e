"""Which distributions has this repository, and how is one tried in an environment of its own?"""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def call(*words, **options) -> str:
    """Run a command that must succeed, and return what it prints."""
    # Without env a process gets the width that readline sets behind os.environ.
    options = {"env": dict(os.environ), **options}
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def uv(*words, **options) -> str:
    """The uv of this environment, where the README's commands put it, else the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    return call(beside if beside.exists() else "uv", *words, **options)


@dataclass(frozen=True)
class Distribution:
    """A distribution of the workspace: its folder, what its pyproject.toml says, and the versions
    that CI runs with it where they are not those of the workspace.
    """

    folder: Path
    project: dict
    pins: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name people install."""
        return self.project["name"]

    @property
    def file_name(self) -> str:
        """The name with which its files begin."""
        return f"{self.name.replace('-', '_')}-{self.project['version']}"


def workspace() -> list[Distribution]:
    """Return srkit and every plugin of this repository."""
    folders = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]
    read = [tomllib.loads((one / "pyproject.toml").read_text("utf-8")) for one in folders]
    return [
        Distribution(folder, document["project"], _pins(document))
        for folder, document in zip(folders, read, strict=True)
    ]


def _pins(document: dict) -> tuple[str, ...]:
    return tuple(document.get("tool", {}).get("uv", {}).get("constraint-dependencies", ()))


def constraints(*names: str) -> list[str]:
    """Return the versions that CI runs, beside some of the distributions."""
    root, *plugins = workspace()
    own = [pin for one in plugins if one.name in names for pin in one.pins]
    replaced = {pin.partition("==")[0] for pin in own}
    return [*own, *(pin for pin in root.pins if pin.partition("==")[0] not in replaced)]


@dataclass(frozen=True)
class Environment:
    """A Python environment of its own, without anything of this checkout."""

    folder: Path
    index: str
    pins: Path

    def install(self, *requirements: str) -> None:
        """Install from the index of what was built, and the rest from the usual one."""
        fresh = [word for one in workspace() for word in ("--refresh-package", one.name)]
        where = ["--python", self.folder, "--index", self.index, "-c", self.pins]
        uv("pip", "install", "-q", *where, *fresh, *requirements, cwd=self.folder)

    def uninstall(self, *names: str) -> None:
        """Remove distributions."""
        uv("pip", "uninstall", "-q", "--python", self.folder, *names)

    def run(self, *words: object, **options: object) -> str:
        """Run one of its programs, away from the checkout, and return what it prints."""
        program, *rest = words
        options = {"cwd": self.folder, **options}
        return call(self.folder / "bin" / str(program), *rest, **options)

    def site_packages(self) -> Path:
        """Return where its packages are."""
        return next(self.folder.glob("lib/*/site-packages"))
