"""Which checks does a layout of other people's files pass?"""

from pathlib import Path
from typing import ClassVar

import torch
from safetensors.torch import save_file

from srkit_core.binding import BoundComponent
from srkit_core.errors import WeightsError
from srkit_core.expressions import parse_call
from srkit_core.models.build import build_network
from srkit_core.models.foreign_weights import import_weights
from srkit_core.plan import bind_generator
from srkit_core.registry import discover


class LayoutContract:
    """Checks of a layout: a file under the other project's names becomes the generator it was,
    options and all.

    Attributes:
        layout: the name of the layout.
        expression: a small generator of that layout, as people write it.
        scale: the scale it is built for.
    """

    layout: ClassVar[str]
    expression: ClassVar[str]
    scale: ClassVar[int] = 4

    def foreign_name(self, name: str) -> str:
        """Return what the other project calls a tensor; the same unless a test says otherwise."""
        return name

    def test_a_file_is_recognised_and_its_tensors_find_their_places(self, tmp_path: Path) -> None:
        """The options come from the file alone, and every tensor is where it was."""
        bound, tensors = self._network()
        path = self._file(tmp_path, tensors)
        found, imported = import_weights(path, discover())
        assert found.layout.name == self.layout
        assert (found.bound.expression, found.scale) == (bound.expression, self.scale)
        different = [
            name for name, value in tensors.items() if not torch.equal(imported[name], value)
        ]
        assert not different, f"these tensors are not what they were: {different}"

    def test_a_missing_and_an_unexpected_tensor_are_named(self, tmp_path: Path) -> None:
        """A file is taken whole or not at all."""
        _, tensors = self._network()
        last = list(tensors)[-1]
        without = self._file(
            tmp_path, {name: value for name, value in tensors.items() if name != last}
        )
        assert f"missing {last}" in _refusal(without), f"a file without {last} is taken"
        assert "unexpected something.else" in _refusal(
            self._file(tmp_path, tensors, {"something.else": torch.zeros(1)})
        )

    def _network(self) -> tuple[BoundComponent, dict[str, torch.Tensor]]:
        bound = bind_generator(discover(), parse_call(self.expression), self.scale)
        return bound, build_network(bound).state_dict()

    def _file(
        self,
        folder: Path,
        tensors: dict[str, torch.Tensor],
        more: dict[str, torch.Tensor] | None = None,
    ) -> Path:
        path = folder / "foreign.safetensors"
        save_file(
            {self.foreign_name(name): value.contiguous() for name, value in tensors.items()}
            | (more or {}),
            path,
        )
        return path


def _refusal(path: Path) -> str:
    try:
        import_weights(path, discover())
    except WeightsError as error:
        return error.message
    return ""
