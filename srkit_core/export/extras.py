"""Are the libraries installed that a kind of file needs?"""

from importlib.util import find_spec

from srkit_core.errors import IncompatibleError


def require_extra(what: str, extra: str, *libraries: str) -> None:
    """Raise IncompatibleError that says how to install what `what` needs, where one of `libraries`
    is missing; none is imported.
    """
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        raise IncompatibleError(
            f"{what} needs {' and '.join(missing)}, which is not installed",
            hint=f"pip install 'srkit[{extra}]'",
        )
