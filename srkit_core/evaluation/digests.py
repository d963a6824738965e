"""What is one digest of several?"""

import hashlib
from collections.abc import Iterable


def joined_digest(digests: Iterable[str]) -> str:
    """Return one digest of several, whatever their order."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
