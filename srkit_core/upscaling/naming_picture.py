"""Of which picture is NaN or infinity?"""

from collections.abc import Iterator
from contextlib import contextmanager

from srkit_core.errors import NotFiniteError


@contextmanager
def naming_picture(picture: object, model: str = "") -> Iterator[None]:
    """Let NotFiniteError name the picture, and the model by the word that a person wrote."""
    try:
        yield
    except NotFiniteError as error:
        by = f", with {model}" if model else ""
        fact = f"{error.message}, of {picture}{by}"
        raise NotFiniteError(fact, hint=error.hint, by_model=error.by_model) from error
