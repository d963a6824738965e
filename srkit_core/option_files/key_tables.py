"""Which tables of keys does the manual show?"""

from collections.abc import Iterator, Mapping

from srkit_core.option_files.basicsr import BASICSR
from srkit_core.option_files.losses_of_others import PERCEPTUAL, PIXEL
from srkit_core.option_files.networks_of_others import DISCRIMINATORS, GENERATORS
from srkit_core.option_files.other_trainer import OtherTrainer
from srkit_core.option_files.ways import Counterpart, OptionWay, Row

_COLUMNS = "| there | here |\n|---|---|"


def tables_of_keys() -> str:
    """Return every key that `srkit recipes --from` knows, as Markdown."""
    return "\n\n".join(
        [
            _keys(BASICSR),
            _components("Networks", {**GENERATORS, **DISCRIMINATORS}),
            _components("Losses", {**PIXEL, "PerceptualLoss": PERCEPTUAL}),
        ]
    )


def _keys(trainer: OtherTrainer) -> str:
    rows = "\n".join(map(_row, trainer.rows))
    return f"## Keys of {trainer.name}\n\n{_COLUMNS}\n{rows}"


def _row(row: Row) -> str:
    keys = ", ".join(f"`{key}`" for key in row.there.split(", "))
    return f"| {keys} | {_cell(row.way.told)} |"


def _components(title: str, known: Mapping[str, Counterpart]) -> str:
    rows = "\n".join(f"| `{name}` | {_cell(_counterpart(one))} |" for name, one in known.items())
    return f"## {title}\n\n| there | here |\n|---|---|\n{rows}"


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
