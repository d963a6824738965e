"""Where does srkit keep what it can get again?"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from srkit_core.errors import WeightsError
from srkit_core.home import at_home

CACHE_VARIABLE: Final = "SRKIT_CACHE"


def cache_folder() -> Path:
    """Return where srkit keeps what it downloads, and what it found.

    Raises WeightsError where the system names no place for such files.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return at_home(Path(named))
    from platformdirs import user_cache_path

    with suppress(RuntimeError):
        usual = user_cache_path("srkit", appauthor=False)
        if usual.is_absolute():  # else it begins with a ~ that means nothing
            return usual
    raise WeightsError(
        "this user has no home folder, in which srkit would keep what it downloads",
        hint=f"{CACHE_VARIABLE}=FOLDER that can be written",
    )
