"""Puts weights into this distribution under a name: python put_weights.py compact-x4 FILE."""

import hashlib
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "srkit_compact"


def put(name: str, file: Path) -> None:
    """Copy a weights file of srkit, and announce it with its digest and size."""
    content = file.read_bytes()
    announcement = PACKAGE / "__init__.py"
    text = announcement.read_text(encoding="utf-8")
    digest = hashlib.sha256(content).hexdigest()
    pattern = rf'("{name}",\n +)"[0-9a-f]{{64}}",\n( +)[0-9_]+,'
    text, count = re.subn(pattern, rf'\g<1>"{digest}",\n\g<2>{len(content):_},', text)
    if count != 1:
        sys.exit(f"no weights are announced as {name}")
    (PACKAGE / f"{name}.safetensors").write_bytes(content)
    announcement.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    put(sys.argv[1], Path(sys.argv[2]))
