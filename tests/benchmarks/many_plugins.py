"""How are many plugins installed, to see what they cost?"""

from pathlib import Path

MODULE = '''"""A plugin made by a benchmark."""

from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.specs import LossSpec


def loss_{number}(*, power: float = 1.0, terms: int = 3) -> ReferenceLoss:
    """A loss of a plugin made by a benchmark.

    Args:
        power: of the difference.
        terms: how many there are.
    """
    raise NotImplementedError


@hookimpl
def srkit_components() -> list[LossSpec]:
    """Announce it."""
    return [LossSpec(name="loss-{number}", factory=loss_{number}, summary="made by a benchmark")]
'''


def make_plugins(folder: Path, count: int) -> None:
    """Write so many distributions, as an installer leaves them: a module and its metadata."""
    for number in range(count):
        (folder / f"zz_plugin_{number}.py").write_text(MODULE.format(number=number))
        about = folder / f"zz_plugin_{number}-0.1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: zz-plugin-{number}\nVersion: 0.1.0\n"
        )
        (about / "entry_points.txt").write_text(
            f"[srkit.plugins]\nplugin-{number} = zz_plugin_{number}\n"
        )
