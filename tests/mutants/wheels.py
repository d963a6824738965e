"""Which wheels of plugins are broken in one way, or may not be installed at all?"""

import base64
import hashlib
import stat
import tempfile
import warnings
import zipfile
from functools import cache, partial
from pathlib import Path

from mutants.machinery import REFUSED, Mutant

from srkit_core.testing import WheelContract
from srkit_core.testing.wheel_file import open_wheel

INFO = "zz_hat-1.0.dist-info"
NAME = "zz_hat-1.0-py3-none-any.whl"
METADATA = {
    "Metadata-Version": "2.4",
    "Name": "zz-hat",
    "Version": "1.0",
    "Summary": "a loss for this test",
    "License-Expression": "MIT",
    "Requires-Python": ">=3.11",
    "Requires-Dist": "srkit>=0.1.0",
}
README = "A loss for this test."
ENTRY_POINTS = f"{INFO}/entry_points.txt"
LICENCE = f"{INFO}/licenses/LICENSE"
MIB = 2**20


def metadata(readme=README, **fields):
    """Return the text of METADATA with other fields, `_` for `-`; None leaves one out."""
    changed = METADATA | {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [f"{name}: {value}\n" for name, value in changed.items() if value is not None]
    return "".join(lines) + f"\n{readme}\n"


FILES = {
    "zz_hat/__init__.py": '"""Announces a loss."""\n',
    "zz_hat/py.typed": "",
    f"{INFO}/METADATA": metadata(),
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    ENTRY_POINTS: "[srkit.plugins]\nhat = zz_hat\n",
    LICENCE: "MIT\n",
}


def record_of(files):
    """Return the rows of RECORD, by the names of the files."""
    rows = {}
    for name, text in files.items():
        content = text if isinstance(text, bytes) else text.encode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows[name] = f"{name},sha256={digest},{len(content)}"
    return rows


def write_wheel(path, files, record=None, twice=(), links=(), claimed=None):
    """Write a wheel and return its path.

    `record` replaces rows of RECORD (None drops one), `twice` are written again, `links` are
    symbolic links, and `claimed` are sizes that the archive says in place of the true ones.
    """
    rows = {name: row for name, row in (record_of(files) | (record or {})).items() if row}
    place = min(name.partition("/")[0] for name in files if ".dist-info/" in name)
    place, listed = f"{place}/RECORD", "\n".join([*rows.values(), f"{place}/RECORD,,"])
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # zipfile warns of a name that is written twice
        for name, text in (*files.items(), (place, listed), *((one, "") for one in twice)):
            about = zipfile.ZipInfo(name)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = ((stat.S_IFLNK if name in links else stat.S_IFREG) | 0o644) << 16
            archive.writestr(about, text)
        for name, size in (claimed or {}).items():
            archive.getinfo(name).file_size = size
    return path


@cache
def home():
    """A folder that lasts as long as the tests."""
    folders.append(tempfile.TemporaryDirectory())
    return Path(folders[-1].name)


folders = []


def made(files=None, *, name=NAME, spoilt=None, **more):
    """Return the contract of a wheel; `files` differ from those of a sound one (None drops one).

    Raises PluginError where the wheel may not be installed.
    """
    kept = {one: text for one, text in (FILES | (files or {})).items() if text is not None}
    path = write_wheel(Path(tempfile.mkdtemp(dir=home())) / name, kept, **more)
    if spoilt:
        path.write_bytes(spoilt(path.read_bytes()))
    open_wheel(path)
    return type("HeldWheel", (WheelContract,), {"path": path})


def wheel(files=None, **more):
    """Return the maker of the contract of a wheel."""
    return partial(made, files, **more)


def said(**fields):
    """Return the maker of a wheel of which METADATA says something else."""
    return wheel({f"{INFO}/METADATA": metadata(**fields)})


def added(name, text="x = 1\n"):
    """Return the maker of a wheel that has a file more."""
    return wheel({name: text})


def without_a_byte(content):
    """Change a byte in the middle of what is compressed of the first file."""
    place = content.index(b"zz_hat/__init__.py") + len("zz_hat/__init__.py") + 12
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def renamed_info():
    """Return files whose metadata is that of another version."""
    moved = {name: text for name, text in FILES.items() if name.startswith(INFO)}
    new = {name.replace("1.0.dist", "1.1.dist"): text for name, text in moved.items()}
    return dict.fromkeys(moved) | new


SAYS, NEEDS = "test_its_metadata_says_what_it_is", "test_it_needs_srkit"
HAS, RECORDED = "test_it_announces_a_package_that_it_has", "test_every_file_is_recorded"
LICENSED, STRAY = "test_its_licence_is_inside", "test_nothing_lies_beside_its_packages"
TYPED, LARGE = "test_its_packages_are_typed", "test_large_files_are_meant"
OUT, TWICE = "leads out of the folder", "is in it twice"

_REFUSED = (
    ("a file beside site-packages", added("../zz.py"), OUT),
    ("a file far above", added("zz_hat/../../../zz.pth"), OUT),
    ("a way out by backslashes", added("zz_hat\\..\\..\\zz.py"), OUT),
    ("a backslash", added("zz_hat\\zz.py"), OUT),
    ("an absolute path", added("/tmp/zz.py"), OUT),
    ("a drive", added("C:/zz.py"), OUT),
    ("a control character", added("zz_hat/\x1b[31m.py"), r"'zz_hat/\\x1b\[31m\.py' leads out"),
    ("a link", wheel({"zz_hat/etc": "/etc"}, links=("zz_hat/etc",)), "'zz_hat/etc' is a link"),
    ("a file that is there twice", wheel(twice=("zz_hat/__init__.py",)), TWICE),
    ("two names that differ in case", wheel(twice=("zz_hat/__INIT__.py",)), TWICE),
    ("more than 4 GiB", wheel(claimed={"zz_hat/py.typed": 2**32}), "more than 4 GiB"),
    ("a byte is another", wheel(spoilt=without_a_byte), "is damaged, or no wheel"),
    ("its end is missing", wheel(spoilt=lambda content: content[:-40]), "damaged, or no wheel"),
    ("a page of an index", wheel(spoilt=lambda content: b"<html>"), "damaged, or no wheel"),
    ("nothing", wheel(spoilt=lambda content: content[:0]), "damaged, or no wheel"),
    ("another name than a wheel's", wheel(name="hat.whl"), "is no name of a wheel"),
    (
        "the name of another",
        wheel(name="zz_cap-1.0-py3-none-any.whl"),
        "needs zz_cap-1.0.dist-info",
    ),
    ("the metadata of another version", wheel(renamed_info()), "is no wheel: it needs"),
    ("metadata of two", added("zz_cap-1.0.dist-info/METADATA", metadata()), "is no wheel: it"),
    ("no METADATA", wheel({f"{INFO}/METADATA": None}), "with METADATA and WHEEL in it"),
    ("no WHEEL", wheel({f"{INFO}/WHEEL": None}), "with METADATA and WHEEL in it"),
)
_CAUGHT = (
    ("no summary", said(Summary=None), SAYS, "says no summary"),
    ("a blank summary", said(Summary="  "), SAYS, "says no summary"),
    ("no licence in words", said(License_Expression=None), SAYS, "says no licence"),
    ("any Python", said(Requires_Python=None), SAYS, "says no requires-python"),
    ("no readme", said(readme=""), SAYS, "says no readme"),
    ("srkit is not needed", said(Requires_Dist=None), NEEDS, "does not depend on srkit"),
    ("another is needed", said(Requires_Dist="srkit-rrdb>=1"), NEEDS, "does not depend on srkit"),
    ("any srkit will do", said(Requires_Dist="srkit"), NEEDS, "'srkit' names no version"),
    ("no entry point", wheel({ENTRY_POINTS: None}), HAS, "no entry point in the group srkit.pl"),
    (
        "an entry point of another group",
        wheel({ENTRY_POINTS: "[console_scripts]\nhat = zz_hat\n"}),
        HAS,
        "no entry point in the group srkit.plugins",
    ),
    (
        "a package that is missing",
        wheel({ENTRY_POINTS: "[srkit.plugins]\nhat = zz_cap\n"}),
        HAS,
        "names zz_cap, which is not in the wheel",
    ),
    (
        "a module that is missing",
        wheel({ENTRY_POINTS: "[srkit.plugins]\nhat = zz_hat.plugin\n"}),
        HAS,
        r"names zz_hat\.plugin, which is not in the wheel",
    ),
    (
        "a file that is not recorded",
        wheel(record={"zz_hat/__init__.py": ""}),
        RECORDED,
        "zz_hat/__init__.py is not in RECORD",
    ),
    (
        "a file that was changed",
        wheel(record=record_of({"zz_hat/py.typed": " "})),
        RECORDED,
        "zz_hat/py.typed is not the file that RECORD lists",
    ),
    (
        "a size that is another",
        wheel(
            record={"zz_hat/py.typed": record_of({"zz_hat/py.typed": ""})["zz_hat/py.typed"] + "1"}
        ),
        RECORDED,
        "has 0 bytes, RECORD says 01",
    ),
    (
        "a record of what is gone",
        wheel(record=record_of({"zz_hat/gone.py": ""})),
        RECORDED,
        r"lists zz_hat/gone\.py, which is not in the wheel",
    ),
    (
        "no text of the licence",
        wheel({LICENCE: None}),
        LICENSED,
        "no LICENSE is in zz_hat-1.0.dist",
    ),
    ("tests inside", added("zz_hat/tests/test_hat.py"), STRAY, "tests/test_hat.py does not belong"),
    ("a test inside", added("zz_hat/test_hat.py"), STRAY, "test_hat.py does not belong"),
    ("a conftest inside", added("zz_hat/conftest.py"), STRAY, "conftest.py does not belong"),
    ("tests beside", added("tests/test_hat.py"), STRAY, "tests/test_hat.py does not belong"),
    ("notes beside", added("docs/hat.md"), STRAY, "docs/hat.md does not belong"),
    ("a script beside", added("setup.py"), STRAY, "setup.py does not belong"),
    ("a line that runs at each start", added("zz_hat.pth"), STRAY, "zz_hat.pth does not belong"),
    ("another package", added("zz_cap/__init__.py"), STRAY, "zz_cap/__init__.py does not belong"),
    ("compiled code", added("zz_hat/__pycache__/a.cpython-311.pyc"), STRAY, "does not belong"),
    ("what an editor keeps", added("zz_hat/__init__.py~"), STRAY, "does not belong"),
    ("no py.typed", wheel({"zz_hat/py.typed": None}), TYPED, "there is no py.typed in zz_hat"),
    ("data along", added("zz_hat/hat.bin", bytes(MIB + 1)), LARGE, "hat.bin has 1.0 MB"),
)
MUTANTS = (
    *(Mutant(name=name, held=held, caught_by=REFUSED, says=says) for name, held, says in _REFUSED),
    *(
        Mutant(name=name, held=held, caught_by=check, says=says)
        for name, held, check, says in _CAUGHT
    ),
    Mutant(
        name="a licence in its name alone",
        held=wheel(
            {name: None for name in FILES if name.startswith(INFO)}
            | {
                name.replace("zz_hat", "zz_licence"): text
                for name, text in FILES.items()
                if name.startswith(INFO) and name != LICENCE
            },
            name=NAME.replace("zz_hat", "zz_licence"),
        ),
        caught_by=LICENSED,
        says="no LICENSE is in zz_licence-1.0",
    ),
)
SOUND = (
    ("a package", wheel()),
    (
        "a module",
        wheel(
            {
                "zz_hat/__init__.py": None,
                "zz_hat/py.typed": None,
                "zz_hat.py": "x = 1\n",
            }
        ),
    ),
    ("an entry point of an object", wheel({ENTRY_POINTS: "[srkit.plugins]\nhat = zz_hat:made\n"})),
    (
        "a licence among the classifiers",
        said(License_Expression=None, Classifier="License :: OSI Approved :: MIT License"),
    ),
    (
        "weights that its code names",
        wheel(
            {
                "zz_hat/__init__.py": 'FILE = "hat.safetensors"\n',
                "zz_hat/hat.safetensors": bytes(MIB + 1),
            }
        ),
    ),
    ("a package of tests' helpers", added("zz_hat/testing.py")),
)
