"""Which distributions do something else than announce when they are asked what they announce?"""

import atexit
import re
import shutil
import tempfile
from functools import cache, partial
from pathlib import Path
from textwrap import dedent, indent

from mutants.machinery import Mutant, also

from srkit_core.testing import AnnouncementContract
from srkit_core.testing.announcement import announcement_of

WORK = "imports_no_work"
ELSE = "announcing_changes_nothing_else"
SAYS = "announcing_says_nothing"
TIME = "announcing_takes_no_time"
READ = "its_announcement_can_be_read"
AGAIN = "it_announces_the_same_again"
WORDS = "its_words_are_read_without_work"

_PACKAGE = '''
"""A loss."""
{top}
from srkit_core.hooks import hookimpl
from srkit_core.interfaces import ReferenceLoss
from srkit_core.specs import LossSpec


def made({options}) -> ReferenceLoss:
    """Compare.

    Args:
        strength: how much.
    """
    return None


@hookimpl
def srkit_components():
{hook}
    return [LossSpec(name="made", factory=made, summary="for this test"{traits})]

{end}
'''


@cache
def _folder():
    folder = Path(tempfile.mkdtemp(prefix="srkit-mutants-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _distribution(
    number, top="", hook="", end="", options="*, strength: float = 1.0", traits="", **modules
):
    """Write an installed distribution, and return the contract of what it announces."""
    site = _folder() / str(number)
    package, metadata = site / f"mutant_{number}", site / f"srkit_mutant_{number}-1.0.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    text = _PACKAGE.format(
        top=dedent(top),
        hook=indent(dedent(hook), "    "),
        end=dedent(end),
        options=options,
        traits=traits,
    )
    (package / "__init__.py").write_text(text.strip() + "\n")
    for name, source in modules.items():
        (package / f"{name}.py").write_text(dedent(source))
    name = f"srkit-mutant-{number}"
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[srkit.plugins]\nmade = mutant_{number}\n")
    seen = staticmethod(partial(announcement_of, name, (str(site),)))
    return type("Held", (AnnouncementContract,), {"distribution": name, "announcement": seen})


def _row(name, caught_by, says, *, also=None, **sources):
    number = re.sub(r"\W+", "_", name).lower()
    held = cache(partial(_distribution, number, **sources))
    return Mutant(name=name, held=held, caught_by=f"test_{caught_by}", says=says, also=also or {})


SOUND = (
    ("a loss, announced", cache(partial(_distribution, "sound"))),
    (
        "work imported in the factory's module, later",
        cache(
            partial(
                _distribution,
                "lazy",
                end="def work():\n    import torch\n    return torch",
                model="import torch\n",
            )
        ),
    ),
)

MUTANTS = (
    _row(
        "imports numpy",
        f"its_announcement_{WORK}",
        "imports numpy",
        top="import numpy",
        also=also("numpy adds filters of warnings", ELSE),
    ),
    _row(
        "imports work by a module of its own",
        f"its_announcement_{WORK}",
        "imports .*PIL",
        end="from mutant_imports_work_by_a_module_of_its_own import work as _",
        work="import PIL",
    ),
    _row(
        "imports work by importlib",
        f"its_announcement_{WORK}",
        "imports PIL",
        top="import importlib\nimportlib.import_module('P' + 'IL')",
    ),
    _row("imports work in the hook", f"its_announcement_{WORK}", "imports PIL", hook="import PIL"),
    _row(
        "imports work by __import__ in a default",
        f"its_announcement_{WORK}",
        "imports PIL",
        top="one = __import__('PIL').__version__",
    ),
    _row(
        "imports work in a thread",
        f"its_announcement_{WORK}",
        "imports numpy",
        top="""
            import threading
            one = threading.Thread(target=lambda: __import__("numpy"))
            one.start()
            one.join()
        """,
        also=also("it starts a thread", ELSE),
    ),
    _row(
        "imports work in a trait",
        WORDS,
        "import numpy",
        end="def size(options, /):\n    import numpy\n    return int(numpy.ceil(1))",
        traits=", min_size=lambda options, /: size(options)",
    ),
    _row(
        "a trait that raises",
        WORDS,
        "the traits of made: KeyError",
        traits=", min_size=lambda options, /: options['size']",
    ),
    _row(
        "networks named by what raises",
        WORDS,
        "the traits of made: TypeError",
        traits=", pretrained=lambda options, /: options['strength'] + ()",
    ),
    _row(
        "types known to a type checker only",
        READ,
        "NameError|Tensor|annotation|type",
        top="from __future__ import annotations\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from torch import Tensor",
        options="*, strength: Tensor | None = None",
    ),
    _row(
        "writes a file",
        ELSE,
        "writes .*srkit-mutant-announced",
        top="""
            import pathlib, tempfile
            (pathlib.Path(tempfile.gettempdir()) / "srkit-mutant-announced").write_text("x")
        """,
    ),
    _row(
        "makes a folder",
        ELSE,
        "makes the folder",
        top="import os, tempfile\nos.rmdir(tempfile.mkdtemp())",
    ),
    _row(
        "writes a file in the hook",
        ELSE,
        "writes .*srkit-mutant-hook",
        hook="""
            import os, tempfile
            file = os.path.join(tempfile.gettempdir(), "srkit-mutant-hook")
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY))
        """,
    ),
    _row(
        "removes a file",
        ELSE,
        "removes .*srkit-mutant-none",
        top="""
            import os
            try:
                os.remove("srkit-mutant-none")
            except OSError:
                pass
        """,
    ),
    _row(
        "starts a process",
        ELSE,
        "starts the process",
        top="import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])",
    ),
    _row(
        "runs a command of the shell",
        ELSE,
        "starts the process",
        top="import os\nos.system('true')",
    ),
    _row("opens a socket", ELSE, "opens a socket", top="import socket\nsocket.socket().close()"),
    _row(
        "looks up an address",
        ELSE,
        "looks up the address of localhost",
        top="import socket\nsocket.getaddrinfo('localhost', 80)",
    ),
    _row(
        "starts a thread",
        ELSE,
        "starts a thread",
        top="import threading\nthreading.Thread(target=lambda: None).start()",
    ),
    _row(
        "reads a pickle",
        ELSE,
        "reads a pickle",
        top="import pickle\npickle.loads(pickle.dumps(OSError))",
    ),
    _row(
        "changes the environment",
        ELSE,
        "environment variables",
        top="import os\nos.environ['OMP_NUM_THREADS'] = '7'",
    ),
    _row("changes the folder", ELSE, "current folder", top="import os\nos.chdir('/')"),
    _row(
        "adds to sys.path",
        ELSE,
        "sys.path",
        top="import os, sys\nsys.path.insert(0, os.path.dirname(__file__))",
    ),
    _row(
        "silences warnings",
        ELSE,
        "filters of warnings",
        top="import warnings\nwarnings.filterwarnings('ignore', message='x')",
    ),
    _row(
        "takes a signal",
        ELSE,
        "handlers of signals",
        top="import signal\nsignal.signal(signal.SIGINT, signal.SIG_DFL)",
    ),
    _row(
        "changes the locale",
        ELSE,
        "locale",
        top="import locale\nlocale.setlocale(locale.LC_ALL, "
        "'C.UTF-8' if locale.setlocale(locale.LC_ALL) == 'C' else 'C')",
    ),
    _row(
        "sets up logging",
        ELSE,
        "sets up logging",
        top="import logging\nlogging.basicConfig(level=logging.INFO)",
    ),
    _row("seeds Python's random state", ELSE, "random state", top="import random\nrandom.seed(1)"),
    _row(
        "raises the limit of recursion",
        ELSE,
        "recursion",
        top="import sys\nsys.setrecursionlimit(100_000)",
    ),
    _row("turns garbage collection off", ELSE, "garbage", top="import gc\ngc.disable()"),
    _row(
        "replaces sys.excepthook",
        ELSE,
        "excepthook",
        top="import sys\nsys.excepthook = lambda *error: None",
    ),
    _row("sets a tracer", ELSE, "sets a tracer", top="import sys\nsys.settrace(None)"),
    _row(
        "replaces a function of srkit",
        ELSE,
        "replaces srkit_core.options.fit",
        top="from srkit_core import options\noptions.fit = lambda value, annotation: value",
    ),
    _row(
        "replaces a method of the registry",
        ELSE,
        "replaces Registry.find",
        top="from srkit_core.registry import Registry\nRegistry.find = lambda self, *names: None",
    ),
    _row(
        "replaces a class of pluggy",
        ELSE,
        "replaces pluggy",
        top="import pluggy\npluggy.PluginManager = type('Mine', (pluggy.PluginManager,), {})",
    ),
    _row("sleeps", ELSE, "sleeps for 3", top="import time\ntime.sleep(3)"),
    _row(
        "waits for what does not come",
        TIME,
        "it waits for",
        top="import select\nselect.select([], [], [], 2.6)",
    ),
    _row(
        "computes a table",
        TIME,
        "it works for",
        top="import time\nend = time.process_time() + 1.3\nwhile time.process_time() < end: pass",
    ),
    _row("prints", SAYS, "prints 'welcome", top="print('welcome')"),
    _row(
        "prints to standard error",
        SAYS,
        "prints 'careful",
        top="import sys\nsys.stderr.write('careful')",
    ),
    _row("prints past sys.stdout", SAYS, "prints 'raw", top="import os\nos.write(1, b'raw')"),
    _row("prints in the hook", SAYS, "prints 'asked", hook="print('asked')"),
    _row(
        "warns",
        SAYS,
        "warns DeprecationWarning: old",
        top="import warnings\nwarnings.warn('old', DeprecationWarning)",
    ),
    _row("does not import", READ, "ModuleNotFoundError", top="import a_module_that_nobody_has"),
    _row("ends Python", READ, "SystemExit", top="raise SystemExit(3)"),
    _row("ends Python at once", READ, "it ends Python: 7", top="import os\nos._exit(7)"),
    _row("has no hook", READ, "announces nothing", end="del srkit_components"),
    _row(
        "has a hook of another name",
        READ,
        "announces nothing|unknown hook",
        end="@hookimpl\ndef srkit_component():\n    return []\ndel srkit_components",
    ),
    _row("announces what is no spec", READ, "not a spec", hook="return [{'name': 'made'}]"),
    _row("has a hook that raises", READ, "ZeroDivisionError", hook="1 / 0"),
    _row(
        "announces once",
        AGAIN,
        "announces nothing",
        top="asked = []",
        hook="asked.append(1)\nif len(asked) > 1:\n    return []",
    ),
    _row(
        "announces another name each time",
        AGAIN,
        "when it is asked again",
        top="asked = []",
        hook="asked.append(1)\n"
        "return [LossSpec(name=f'made{len(asked)}', factory=made, summary='for this test')]",
    ),
    _row(
        "cannot be imported twice",
        AGAIN,
        "a second import: RuntimeError",
        top="import sys\nif hasattr(sys, 'mutant'):\n    raise RuntimeError('twice')\n"
        "sys.mutant = True",
    ),
)
