"""Where does a run happen?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srkit_core.data_source import anchored
from srkit_core.devices import DeviceName, PrecisionName


@dataclass(frozen=True)
class RunOptions:
    """Where a run happens: pictures, initial weights, folders and machine.

    *what* to train is the recipe's.

    `compile` runs networks through torch.compile; `recompute` saves memory by computing blocks of
    the generator twice; `track` names trackers beside `metrics.csv`; `repeats` is the run folder
    whose recipe is trained again.
    """

    data: str = "photos"
    val: Mapping[str, str] | None = None
    out: Path | None = None
    init: Path | None = None
    device: DeviceName = "auto"
    precision: PrecisionName = "auto"
    workers: int | None = None
    compile: bool = False
    recompute: bool = False
    track: tuple[str, ...] = ()
    repeats: Path | None = None

    def arguments(self) -> dict[str, Any]:
        """Return what a repeated run takes over."""
        init = (
            None
            if self.init is None
            else str(self.init.absolute() if self.init.exists() else self.init)
        )
        val = (
            None
            if self.val is None
            else {name: anchored(place) for name, place in self.val.items()}
        )
        machine = {"device": self.device, "precision": self.precision, "workers": self.workers}
        machine |= {"compile": self.compile, "recompute": self.recompute}
        return {
            "data": anchored(self.data),
            "val": val,
            "init": init,
            **machine,
            "track": list(self.track),
        }
