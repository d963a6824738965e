"""Has the memory run out?"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from srkit_core.errors import OutOfMemoryError
from srkit_core.torch_messages import OUT_OF_MEMORY, says_any


@contextmanager
def oom_guard(hint: str | Callable[[], str], doing: str = "") -> Iterator[None]:
    """Turn every way in which torch and Python say that memory ran out into OutOfMemoryError with
    this hint, or what gives it at that time; `doing` says over what, such as `while a.png was
    upscaled`.
    """
    fact = f"memory ran out {doing}".strip()
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        now = hint if isinstance(hint, str) else hint()
        raise OutOfMemoryError(fact, hint=now) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out; torch is not imported where nobody has."""
    if isinstance(error, MemoryError):
        return True
    torch = sys.modules.get("torch")
    of_a_device = torch is not None and isinstance(error, torch.OutOfMemoryError)
    return of_a_device or (isinstance(error, RuntimeError) and says_any(error, *OUT_OF_MEMORY))
