"""How is a file read that an earlier preparation wrote for this one?

It says what cannot be found out again, so one that is missing or damaged is an error and never
taken for a default.
"""

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from srkit_core.errors import DataError

_Content = TypeVar("_Content")


def read_work_file(file: Path, content: TypeAdapter[_Content], *, says: str, hint: str) -> _Content:
    """Return what a JSON file holds; raises DataError that names it when it is missing, cannot be
    read, or holds anything else.
    """
    try:
        return content.validate_json(file.read_bytes(), strict=True)
    except FileNotFoundError:
        reason = "is missing"
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        reason = f"is damaged ({': '.join(filter(None, (where, first['msg'])))})"
    raise DataError(f"{file} {reason}, which says {says}", hint=hint, path=file)
