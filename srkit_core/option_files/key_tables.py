"""Which tables of keys does the manual show?"""

from collections.abc import Iterator, Mapping, Sequence

from srkit_core.option_files.basicsr import BASICSR
from srkit_core.option_files.losses_of_others import BASICSR_LOSSES, PIXEL
from srkit_core.option_files.neosr import (
    NEOSR,
    NEOSR_DISCRIMINATORS,
    NEOSR_GENERATORS,
    NEOSR_LOSSES,
)
from srkit_core.option_files.networks_of_others import DISCRIMINATORS, GENERATORS
from srkit_core.option_files.other_trainer import OtherTrainer
from srkit_core.option_files.real_esrgan import REAL_ESRGAN
from srkit_core.option_files.trainner_redux import (
    REDUX_GENERATORS,
    REDUX_LOSSES,
    TRAINNER_REDUX,
)
from srkit_core.option_files.ways import Counterpart, OptionWay, Row

_COLUMNS = "| there | here |\n|---|---|"


def tables_of_keys() -> str:
    """Return every key that `srkit recipes --from` knows, as Markdown."""
    keys = [
        _keys("Keys of BasicSR", BASICSR.rows),
        _keys("Keys of Real-ESRGAN, beside these", _own(REAL_ESRGAN, BASICSR)),
        _keys("Keys of traiNNer-redux, beside these", _own(TRAINNER_REDUX, REAL_ESRGAN)),
        _keys("Keys of neosr, beside these", _own(NEOSR, BASICSR)),
    ]
    networks = [
        _components("Networks of BasicSR and Real-ESRGAN", {**GENERATORS, **DISCRIMINATORS}),
        _components("Networks of traiNNer-redux", _without(REDUX_GENERATORS, GENERATORS)),
        _components(
            "Networks of neosr",
            {**NEOSR_GENERATORS, **_without(NEOSR_DISCRIMINATORS, DISCRIMINATORS)},
        ),
    ]
    losses = [
        _components("Losses of BasicSR and Real-ESRGAN", BASICSR_LOSSES),
        _components("Losses of traiNNer-redux", _without(REDUX_LOSSES, PIXEL)),
        _components("Losses of neosr", NEOSR_LOSSES),
    ]
    return "\n\n".join([*keys, *networks, *losses])


def _own(trainer: OtherTrainer, base: OtherTrainer) -> list[Row]:
    return [row for row in trainer.rows if row not in base.rows]


def _without(
    known: Mapping[str, Counterpart], base: Mapping[str, Counterpart]
) -> dict[str, Counterpart]:
    return {name: one for name, one in known.items() if name not in base}


def _keys(title: str, rows: Sequence[Row]) -> str:
    return "\n".join([f"## {title}\n\n{_COLUMNS}", *map(_row, rows)])


def _row(row: Row) -> str:
    keys = ", ".join(f"`{key}`" for key in row.there.split(", "))
    return f"| {keys} | {_cell(row.way.told)} |"


def _components(title: str, known: Mapping[str, Counterpart]) -> str:
    rows = "\n".join(f"| `{name}` | {_cell(_counterpart(one))} |" for name, one in known.items())
    return f"## {title}\n\n{_COLUMNS}\n{rows}"


def _counterpart(one: Counterpart) -> str:
    return "; ".join([f"`{one.here}`", *_options(one.options)])


def _options(options: Mapping[str, OptionWay]) -> Iterator[str]:
    for name, way in options.items():
        if isinstance(way, str):
            yield f"`{name}`" if name == way else f"`{name}`: `{way}`"
        else:
            yield f"`{name}`: " + (f"`{way[0]}`" if isinstance(way, tuple) else way.told)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
