"""Which seed belongs to this purpose at this place of the run?

Randomness is a function of seed and position, so that a checkpoint needs to hold none.
"""

import hashlib

_BITS = 63


def seed_for(seed: int, *place: int | str) -> int:
    """Return a seed in [0, 2**63) for a purpose and position, such as `seed_for(0, "degradation",
    step, rank)`.
    """
    text = "/".join(map(str, (seed, *place)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> (64 - _BITS)
