"""When is it time to draw the curves of a run again?"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from srkit_core.callbacks import Callback
from srkit_core.engine.logs.curves.drawn_rows import drawn_rows
from srkit_core.io.atomic import write_bytes
from srkit_core.run_folder import RunFolder
from srkit_core.specs import MetricSpec

LEAST_SECONDS: Final = 60.0
DRAWINGS: Final = 100
"""As many times as long as the last drawing took, nothing is drawn: drawing costs a hundredth of
the time at most.
"""


class CurvesFile:
    """`curves.png` of a run folder, drawn from `metrics.csv` by the main process.

    `clock` counts seconds.
    """

    def __init__(
        self,
        folder: RunFolder,
        metrics: Mapping[str, MetricSpec],
        callback: Callback,
        *,
        is_main: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._folder, self._metrics, self._callback = folder, metrics, callback
        self._is_main, self._clock = is_main, clock
        self._due = clock() + LEAST_SECONDS
        self._noted = ""
        self._bicubic: Mapping[str, float] = {}

    def compare_with(self, bicubic: Mapping[str, float]) -> None:
        """Draw what bicubic interpolation scores, by column, beside what is measured."""
        self._bicubic = bicubic

    def refresh(self) -> None:
        """Draw if the last drawing is long enough ago."""
        if self._clock() >= self._due:
            self.draw()

    def draw(self) -> None:
        """Draw; a fault costs the picture and never the run: callbacks are told, the same thing
        once.
        """
        if not self._is_main:
            return
        begin = self._clock()
        try:
            self._write()
        except Exception as error:
            self._tell(f"{self._folder.curves.name} could not be drawn: {error}")
        end = self._clock()
        self._due = end + max(LEAST_SECONDS, DRAWINGS * (end - begin))

    @contextmanager
    def drawn_at_end(self) -> Iterator[None]:
        """Draw after the run, however it ends, unless somebody wants it to stop at once."""
        try:
            yield
        except Exception:
            self.draw()
            raise
        self.draw()

    def _write(self) -> None:
        from srkit_core.engine.logs.curves.drawing import draw_curves

        drawn = drawn_rows(self._folder.metrics, self._folder.resumes())
        picture = draw_curves(drawn.rows, self._metrics, self._bicubic, each=drawn.each)
        write_bytes(self._folder.curves, picture)

    def _tell(self, text: str) -> None:
        if text != self._noted:
            self._callback.on_note(text)
            self._noted = text
