"""How does a run that a sweep started learn that the sweep is gone?

Its standard input ends then; it is asked to stop as by a system that shuts down, and saves.
"""

import os
import signal
import sys
from threading import Thread

from srkit_core.cli import main


def end_with_input() -> None:
    """Let this process be asked to stop when nobody holds its standard input open any more."""
    Thread(target=_stop_at_end_of_input, daemon=True).start()


def _stop_at_end_of_input() -> None:
    while os.read(0, 1):  # of the file: the stream would be locked when the interpreter ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    end_with_input()
    sys.argv[0] = "srkit"  # what a run writes down as its command
    main()
