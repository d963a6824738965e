"""Is a picture that srkit wrote on the disk from its first byte to its last?"""

from pathlib import Path
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"


def is_whole_picture(path: Path) -> bool:
    """Whether a PNG file has its end, and a WebP file the length that it says; of others whether
    there is anything.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(max(size - len(_PNG_END), 0))
        tail = file.read()
    ending = path.suffix.lower()
    if ending == ".png":
        return head.startswith(_PNG) and tail == _PNG_END
    if ending == ".webp":
        length = int.from_bytes(head[4:8], "little") + 8
        return head[:4] == b"RIFF" and head[8:] == b"WEBP" and length == size
    return size > 0
