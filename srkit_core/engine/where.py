"""Where does a run happen?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from srkit_core.engine.devices import DeviceName, PrecisionName


@dataclass(frozen=True)
class Where:
    """Where a run happens: folders and machine; nothing of it changes what is trained."""

    data: str = "photos"
    val: Mapping[str, str] | None = None
    out: Path | None = None
    init: Path | None = None
    device: DeviceName = "auto"
    precision: PrecisionName = "auto"
    workers: int | None = None

    def arguments(self) -> dict[str, Any]:
        """Return what a repeated run takes over."""
        init = None if self.init is None else str(self.init)
        machine = {"device": self.device, "precision": self.precision, "workers": self.workers}
        return {"data": self.data, "val": self.val, "init": init, **machine}
