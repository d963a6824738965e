"""Where is the environment of what users would pick instead of srkit, and how is it made?

It is an environment of its own, made once by uv: BasicSR 1.4.2, Real-ESRGAN 0.3.0, lpips and
scikit-image, beside the torch that srkit runs with here.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

BASICSR, REAL_ESRGAN = "BasicSR 1.4.2", "Real-ESRGAN 0.3.0"
THEIRS = Path(__file__).parent / "theirs"
_READY = "srkit-benchmarks-ready"
_WHAT_THEY_IMPORT = [
    "addict",
    "future",
    "imageio",
    "lmdb",
    "lpips",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "pyyaml",
    "requests",
    "scikit-image",
    "scipy",
    "setuptools",
    "tb-nightly",
    "tqdm",
    "wheel",
    "yapf",
]
_WITHOUT_WHAT_THEY_NAME = [
    "facexlib",
    "filterpy",
    "gfpgan",
    "llvmlite",
    "numba",
    "realesrgan==0.3.0",
]
_MODULE_THAT_IS_GONE = '''\
"""Gives BasicSR 1.4.2 the module of torchvision that it asks for and that is no more."""

import sys
from types import ModuleType

NAME = "torchvision.transforms.functional_tensor"


class Finder:
    """Makes the module when it is asked for, from where its one function lives now."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != NAME:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, Finder)

    @staticmethod
    def create_module(spec):
        from torchvision.transforms.functional import rgb_to_grayscale

        module = ModuleType(spec.name)
        module.rgb_to_grayscale = rgb_to_grayscale
        return module

    @staticmethod
    def exec_module(module):
        pass


sys.meta_path.append(Finder)
'''


def default_folder() -> Path:
    """Return where the environment is kept unless another folder is named."""
    return user_cache_path("srkit-benchmarks", appauthor=False) / "peers"


def peer_python(folder: Path) -> Path:
    """Return the interpreter of the environment, which is made first where it is not complete.

    Raises SystemExit where uv is not at hand, or the environment cannot be made.
    """
    python = _python(folder)
    if not (folder / _READY).is_file():
        print(f"making the environment of the peers in {folder}, once", file=sys.stderr, flush=True)
        for words in _commands(_uv(), folder):
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{' '.join(words)}\n{done.stderr[-2000:]}")
        _provide_module(python)
        subprocess.run(
            [python, "-c", "import basicsr, realesrgan"], capture_output=True, check=True
        )
        (folder / _READY).touch()
    return python


def _commands(uv: str, folder: Path) -> Iterator[list[str]]:
    """Yield what is to be run, one after the other."""
    install = [uv, "pip", "install", "-q", "--python", str(_python(folder))]
    torches = [f"{name}=={version(name).partition('+')[0]}" for name in ("torch", "torchvision")]
    yield [uv, "venv", "-q", "--clear", "--python", "3.11", str(folder)]
    yield [*install, *torches, *_WHAT_THEY_IMPORT]
    yield [*install, "--no-deps", "--no-build-isolation", "basicsr==1.4.2"]
    yield [*install, "--no-deps", *_WITHOUT_WHAT_THEY_NAME]


def _provide_module(python: Path) -> None:
    """Leave in the environment what its users put in BasicSR's way by hand."""
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    told = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout
    (Path(told.strip()) / "functional_tensor_again.py").write_text(_MODULE_THAT_IS_GONE, "utf-8")
    (Path(told.strip()) / "functional_tensor_again.pth").write_text(
        "import functional_tensor_again\n", "utf-8"
    )


def _python(folder: Path) -> Path:
    windows = sysconfig.get_platform().startswith("win")
    return folder / ("Scripts/python.exe" if windows else "bin/python")


def _uv() -> str:
    beside = shutil.which("uv", path=str(Path(sys.executable).parent))
    found = os.environ.get("UV") or shutil.which("uv") or beside
    if not found:
        raise SystemExit("the peers need uv, which is not on the path; `--no-peers` goes without")
    return found
