"""What is in a pickle, when nothing that it names is looked up or run?

A pickle is a small program: it names classes and functions, and calls them. Here every name stands
for something harmless of ours. Arrays are built from their bytes; classes of data (paths, dates,
settings, scalars) become empty stand-ins; a pickle that would call anything else is refused with
its name. Importing this module does not import torch.
"""

import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import IO, Any, Final

_NUMBERS: Final = frozenset({"b1", "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1"})
"""Types of arrays that are taken from a pickle; arrays of words or objects are no weights."""

_RENAMED: Final = {"__builtin__": "builtins", "copy_reg": "copyreg", "UserDict": "collections"}
"""Modules of Python 2, in which old files were written."""

_PLAIN: Final = (
    *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list"),
    *("object", "range", "set", "slice", "str", "tuple", "type"),
    *("basestring", "long", "unicode", "xrange"),  # of Python 2
)
_DATA: Final = frozenset(
    {
        "argparse.Namespace",
        "types.GenericAlias",
        "types.SimpleNamespace",
        "operator.getitem",
        "_operator.getitem",
        "decimal.Decimal",
        "fractions.Fraction",
        "uuid.UUID",
        "uuid.SafeUUID",
        "random.Random",
        "zoneinfo.ZoneInfo",
        "zoneinfo.ZoneInfo._unpickle",
        "re._compile",
        "torch.Size",
        "torch.device",
        "torch.torch_version.TorchVersion",
        "torch.serialization._get_layout",
        "numpy.core.multiarray.scalar",
        "numpy._core.multiarray.scalar",
        *(f"builtins.{name}" for name in _PLAIN),
    }
)
"""Names whose call makes data and nothing else."""

_DATA_MODULES: Final = frozenset(
    {"collections", "datetime", "pathlib", "pathlib._local", "numpy.random._pickle", "typing"}
)
"""Modules whose classes are such names."""
_SMALL: Final = frozenset(
    {"defaultdict", "deque", "date", "datetime", "time", "timedelta", "timezone"}
)


class NotDataError(Exception):
    """A pickle would call something that is no data: `asked` names it."""

    def __init__(self, asked: str) -> None:
        super().__init__(f"it asks for {asked.removeprefix('builtins.')}")
        self.asked = asked


class DataTable(dict[Any, Any]):
    """Stands for an object of data: a table where it is one, else empty."""

    def __init__(self, *given: Any, **_: Any) -> None:
        super().__init__()
        for one in given:
            if isinstance(one, Mapping) or _are_pairs(one):
                self.update(one)

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __setstate__(self, state: Any) -> None:
        """Leave out what else an object knew of itself."""

    def extend(self, items: Sequence[Any]) -> None:
        """Leave out items of a list."""

    append = add = extend


class _Named(type):
    """The class of stand-ins for classes that nobody here knows: their objects can be data, and a
    call of them is refused.
    """

    asked: str

    def __call__(cls, *_: Any, **__: Any) -> Any:
        raise NotDataError(cls.asked)

    def __str__(cls) -> str:
        return cls.asked


class DataUnpickler(pickle.Unpickler):
    """Builds arrays, plain values, and stand-ins for the rest."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name stands for; nothing is imported."""
        module = _RENAMED.get(module, module)
        asked = f"{module}.{name}"
        built = self.made_of(module, name)
        if built is not None:
            return built
        if asked in _DATA or (module in _DATA_MODULES and _is_data(name)):
            return _named(DataTable, asked, type)
        if module.partition(".")[0] in sys.stdlib_module_names:
            raise NotDataError(asked)
        return _named(_Unknown, asked, _Named)

    def made_of(self, module: str, name: str) -> Any:
        """Return what builds the numbers that a name asks for; None for any other name."""
        built = _ARRAYS.get(f"{module}.{name}")
        return built and partial(built)  # so that a pickle cannot change what others get

    def persistent_load(self, identity: Any) -> Any:
        """Refuse what lies outside of the pickle, and the classes whose source stands beside it."""
        of_class = isinstance(identity, tuple) and identity[:1] == ("module",)
        outside = f"something outside of it, {str(identity)[:40]}"
        raise NotDataError(str(identity[1]) if of_class else outside)


class _Unknown(DataTable):
    """An object of a class that nobody here knows; with tensors of torch inside, it takes that
    class to say what they are.
    """

    def __setstate__(self, state: Any) -> None:
        if not self and _holds_tensors(state):
            raise NotDataError(str(type(self)))


def _is_data(name: str) -> bool:
    """Whether a name of a module of data is one of its classes: none is reached through another."""
    return "." not in name and (name[:1].isupper() or name in _SMALL or name.endswith("_ctor"))


def _named(base: type, asked: str, kind: type) -> Any:
    return kind(base.__name__, (base,), {"asked": asked})


def _are_pairs(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(one, (list, tuple)) and len(one) == 2 for one in value
    )


def _holds_tensors(value: Any) -> bool:
    import torch

    if isinstance(value, Mapping):
        return any(map(_holds_tensors, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_holds_tensors, value))
    return isinstance(value, torch.Tensor)


class _Dtype:
    """What a pickle says of an array's type: a code such as f4, and the order of its bytes."""

    def __init__(self, code: str = "", *_: object) -> None:
        self.code, self.order = code, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1] if state[1] in ("<", ">") else "<"


class PickledArray:
    """What a pickle says about an array: its shape, type and bytes.

    Numpy builds nothing before all are checked: its own unpickling trusts the bytes it is given.
    """

    def __init__(self, *_: object) -> None:
        self.values: Any = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, by_columns, raw = state
        self._take(raw, dtype, shape, "F" if by_columns else "C")

    def _take(self, raw: Any, dtype: Any, shape: Any, order: Any) -> None:
        import numpy as np

        if not isinstance(dtype, _Dtype) or dtype.code not in _NUMBERS:
            return
        content = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
        flat = np.frombuffer(content, dtype=dtype.order + dtype.code)
        shaped = flat.reshape(shape, order="F" if order == "F" else "C")
        self.values = shaped.astype(flat.dtype.newbyteorder("="))


def _array_of_buffer(raw: Any, dtype: Any, shape: Any, order: Any, *_: Any) -> PickledArray:
    array = PickledArray()
    array._take(raw, dtype, shape, order)
    return array


def _encode(text: str, *_: Any) -> bytes:
    """Return the bytes that older protocols write as text."""
    return str(text).encode("latin1")


def _attribute(owner: Any, name: Any) -> Any:
    """Return what stands for a method of a class that nobody knows: older protocols name it so."""
    if not isinstance(owner, _Named):
        raise NotDataError("builtins.getattr")
    return _named(_Unknown, f"{owner.asked}.{name}", _Named)


def _bare_object(kind: Any, base: Any = None, content: Any = None) -> Any:
    """Return an object that is made without a call, of the oldest protocols."""
    made = kind.__new__(kind)
    if isinstance(made, DataTable) and isinstance(content, Mapping):
        made.update(content)
    return made


_ARRAYS: Final[dict[str, Callable[..., Any]]] = {
    "numpy.ndarray": PickledArray,
    "numpy.dtype": _Dtype,
    "numpy.core.multiarray._reconstruct": PickledArray,
    "numpy._core.multiarray._reconstruct": PickledArray,
    "numpy.core.numeric._frombuffer": _array_of_buffer,
    "numpy._core.numeric._frombuffer": _array_of_buffer,
    "_codecs.encode": _encode,
    "builtins.getattr": _attribute,
    "copyreg._reconstructor": _bare_object,
}
"""What a pickle gets where it asks for arrays of numpy."""
