"""Which checks does a format of picture files pass?"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from srkit_core.interfaces import PictureFormat, WritablePictureFormat
from srkit_core.specs import FormatSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.extension_contract import ExtensionContract


class FormatContract(ExtensionContract):
    """Checks of a format of picture files: what it writes it reads, and damage is a ValueError.

    Attributes:
        expression: its name, with options to try where it has some.
    """

    spec_class = FormatSpec

    @check("values")
    def test_it_makes_a_format(self) -> None:
        """An object with `size` and `decode`, and `encode` where endings are written."""
        made, spec = self.build(), self._format
        assert isinstance(made, PictureFormat), (
            f"its factory makes a {type(made).__name__} without size and decode"
        )
        assert not spec.written or isinstance(made, WritablePictureFormat), (
            f"it is written under {', '.join(spec.written)}, and has no encode"
        )

    @check("file")
    def test_it_reads_what_it_writes(self) -> None:
        """A file of 9 by 14 pixels, of that size, known by its first bytes."""
        made, spec = self._made(), self._format
        if not spec.written or not isinstance(made, WritablePictureFormat):
            raise NotTriedError("it is not written")
        samples = np.random.default_rng(20).integers(0, 256, (9, 14, 3), dtype=np.uint8)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"picture{spec.written[0]}"
            path.write_bytes(made.encode(samples))
            start = path.read_bytes()[:256]
            known = start.startswith(spec.starts) or bool(spec.sniff and spec.sniff(start))
            assert known, "what it writes begins with none of its starts, and sniff denies it"
            assert tuple(made.size(path)) == (9, 14), f"of 9 by 14 pixels it says {made.size(path)}"
            decoded = made.decode(path)
        assert decoded.shape[:2] == (9, 14), f"of 9 by 14 pixels it reads {decoded.shape}"
        assert decoded.dtype in (np.uint8, np.uint16), f"it reads {decoded.dtype}"

    @check("inputs")
    def test_damage_is_told(self) -> None:
        """Raising anything but ValueError ends a run over one picture."""
        made, spec = self._made(), self._format
        start = spec.starts[0] if spec.starts else b""
        for content in (b"", start, start + b"\0" * 64):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"picture{spec.endings[0]}"
                path.write_bytes(content)
                try:
                    made.decode(path)
                except ValueError:
                    continue
                except Exception as error:  # a plugin may raise anything
                    fault = f"{type(error).__name__}: {error}"
                    raise AssertionError(f"of a damaged file it raises {fault}") from error

    @property
    def _format(self) -> FormatSpec:
        spec = self.spec_under_test
        assert isinstance(spec, FormatSpec)
        return spec

    def _made(self) -> Any:
        made = self.build()
        if not isinstance(made, PictureFormat):
            raise NotTriedError("it is no format")
        return made
