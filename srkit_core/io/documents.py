"""How are plain values written as JSON that every reader accepts?"""

import json
import re
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Any, Final

from srkit_core.io.atomic import write_text

_NO_TEXT: Final = re.compile(r"[\ud800-\udfff]")


def json_text(document: Mapping[str, Any]) -> str:
    """Return a JSON document.

    Numbers that JSON does not know (infinity, as of a perfect PSNR, and NaN) become null; bytes of
    a file name that are no text are escaped.
    """
    text = json.dumps(_known(document), indent=2, ensure_ascii=False, allow_nan=False)
    return _NO_TEXT.sub(lambda byte: f"\\u{ord(byte[0]):04x}", text) + "\n"


def write_json(path: Path, document: Mapping[str, Any], *, flushed: bool = True) -> None:
    """Write a JSON file atomically; `flushed` is as in `write_parts`."""
    write_text(path, json_text(document), flushed=flushed)


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _known(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_known(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value
