"""Which checks does a wheel of a plugin pass, by what is in it?"""

import base64
import configparser
import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

from srkit_core.hooks import ENTRY_POINT_GROUP
from srkit_core.misses import OWN_DISTRIBUTION
from srkit_core.testing.checks import check
from srkit_core.testing.wheel_file import WheelFile, open_wheel, requirement_name

_LARGE: Final = 2**20
"""Bytes above which a file is not text or code (empirical)."""
_TESTS: Final = re.compile(r"(.*/)?(tests?/.*|conftest|test_[^/]*)\.py")
_LEFT_OVER: Final = re.compile(r".*(\.py[co]|~|\.orig|\.rej|\.DS_Store)")


class WheelContract:
    """Checks of a wheel: what it says, and that nothing is in it that is not meant to be.

    Attributes:
        path: the wheel.
    """

    path: ClassVar[Path]

    @check("announced")
    def test_its_metadata_says_what_it_is(self) -> None:
        """What the package index shows, and what installers go by."""
        said = self._wheel.metadata
        licence = said["License-Expression"] or said["License"]
        classifiers = said.get_all("Classifier") or []
        licence = licence or next((one for one in classifiers if one.startswith("License ::")), "")
        fields = {
            "summary (description in pyproject.toml)": said["Summary"],
            "licence (license in pyproject.toml)": licence,
            "requires-python": said["Requires-Python"],
            "readme": self._wheel.description,
        }
        missing = [name for name, value in fields.items() if not (value or "").strip()]
        assert not missing, f"its metadata says no {', no '.join(missing)}"

    @check("announced")
    def test_it_needs_srkit(self) -> None:
        """Who installs it gets srkit, of a version that it was written for."""
        if self._wheel.distribution == OWN_DISTRIBUTION:
            return
        needed = self._wheel.metadata.get_all("Requires-Dist") or []
        srkit = [one for one in needed if requirement_name(one) == OWN_DISTRIBUTION]
        assert srkit, "it does not depend on srkit: dependencies = ['srkit>=...']"
        assert any(mark in srkit[0] for mark in "<>=~"), f"'{srkit[0]}' names no version of srkit"

    @check("announced")
    def test_it_announces_a_package_that_it_has(self) -> None:
        """The entry point names a module that is in the wheel."""
        assert self._announced, f"it has no entry point in the group {ENTRY_POINT_GROUP}"
        for name, module in self._announced.items():
            path = module.partition(":")[0].strip().replace(".", "/")
            there = {f"{path}.py", f"{path}/__init__.py"} & self._wheel.names
            assert there, f"the entry point {name} names {module}, which is not in the wheel"

    @check("file")
    def test_every_file_is_recorded(self) -> None:
        """RECORD lists each file with its size and sha256: the wheel is what was built."""
        recorded = self._wheel.record
        for name in sorted(self._wheel.names - {self._wheel.record_name}):
            assert name in recorded, f"{name} is not in RECORD"
            digest, size = recorded[name]
            content = self._wheel.read(name)
            found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={found}", f"{name} is not the file that RECORD lists"
            assert size == str(len(content)), f"{name} has {len(content)} bytes, RECORD says {size}"
        gone = sorted(recorded.keys() - self._wheel.names)
        assert not gone, f"RECORD lists {gone[0]}, which is not in the wheel"

    @check("file")
    def test_its_licence_is_inside(self) -> None:
        """The text of the licence goes with the code."""
        words = ("licen", "copying", "notice")
        files = [name.partition("/")[2].lower() for name in self._wheel.about]
        found = [name for name in files if any(word in name for word in words)]
        assert found, f"no LICENSE is in {self._wheel.info}: license-files in pyproject.toml"

    @check("inputs")
    def test_nothing_lies_beside_its_packages(self) -> None:
        """Tests, notes and scripts of a wheel land in everybody's site-packages."""
        if not self._own & {name.partition("/")[0] for name in self._wheel.names}:
            return  # another check tells of what it announces
        stray = [name for name in sorted(self._wheel.names) if self._is_stray(name)]
        assert not stray, f"{stray[0]} does not belong into a wheel" + (
            f", nor do {len(stray) - 1} more" if len(stray) > 1 else ""
        )

    @check("announced")
    def test_its_packages_are_typed(self) -> None:
        """py.typed tells type checkers that the annotations count."""
        names = self._wheel.names
        missing = [one for one in sorted(self._packages) if f"{one}/py.typed" not in names]
        assert not missing, f"there is no py.typed in {', '.join(missing)}"

    @check("values")
    def test_large_files_are_meant(self) -> None:
        """A file of data that no code of the wheel names came along by accident."""
        code = [one for one in self._wheel.names if one.endswith(".py")]
        sources = b"\n".join(map(self._wheel.read, code))
        for name in sorted(self._wheel.names):
            size, file = self._wheel.size(name), name.rpartition("/")[2]
            meant = size <= _LARGE or file.encode() in sources
            assert meant, f"{name} has {size / 2**20:.1f} MB, and no code of the wheel names it"

    @cached_property
    def _wheel(self) -> WheelFile:
        return open_wheel(self.path)

    @cached_property
    def _announced(self) -> dict[str, str]:
        """Return the modules of its entry points, by name."""
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(self._wheel.text(f"{self._wheel.info}/entry_points.txt"))
        return dict(parser[ENTRY_POINT_GROUP]) if ENTRY_POINT_GROUP in parser else {}

    @property
    def _modules(self) -> set[str]:
        return {module.partition(":")[0].strip() for module in self._announced.values()}

    @property
    def _packages(self) -> set[str]:
        """Return the top packages that its entry points name."""
        named = {one.partition(".")[0] for one in self._modules}
        return {one for one in named if f"{one}/__init__.py" in self._wheel.names}

    @property
    def _own(self) -> set[str]:
        """Return the packages and single modules that its entry points name."""
        return self._packages | {f"{one}.py" for one in self._modules}

    def _is_stray(self, name: str) -> bool:
        first = name.partition("/")[0]
        if first == self._wheel.info:
            return False
        return first not in self._own or bool(_TESTS.fullmatch(name) or _LEFT_OVER.fullmatch(name))
