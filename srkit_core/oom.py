"""Has the memory run out?"""

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
    import torch

    fact = f"memory ran out {doing}".strip()
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
        if not known and not says_any(error, *OUT_OF_MEMORY):
            raise
        now = hint if isinstance(hint, str) else hint()
        raise OutOfMemoryError(fact, hint=now) from error
