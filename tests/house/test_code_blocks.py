"""Does every code block of README, manual and examples run?

A page's blocks run in order, in a folder of its own that holds `examples/`, `photo.jpg` and the
folder `PHOTOS` of bundled photographs. A block of Python or TOML whose first line is a comment with
a path becomes that file, and one of YAML always is; other Python is executed, other TOML parsed,
and planned where it is a recipe. Of a block of `sh` every line is a command: srkit's flags are
always compared with the command line, and what can run does, in this process. A block of `text`
right after is what was printed; `...` stands for anything.
"""

import contextlib
import importlib
import io
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
import typer.main

from srkit_core.cli.app import COMMANDS, build_app, run
from srkit_core.plan import plan
from srkit_core.recipe import recipe_from_dict
from srkit_core.registry import discover

# Tracing doubles its time, and other tests run the same lines.
pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "examples/*/README.md")
    for path in ROOT.glob(pattern)
)
LANGUAGES = {"python", "toml", "yaml", "sh", "text"}

NOT_RUN = {
    r"python3 -m venv .*": "sets up a clone, as .ci/run does",
    r"(bash \.ci|\.venv/bin|uv run --isolated|\.?/?bin/|python docs/generate).*": "of this clone",
    r"(mypy|python -m build|git) ?.*": "slow: the tests of `plugin new` do it",
    r"try/bin/.*": "slow: an environment, as the tests of `plugin new` make",
    r"(torchrun|accelerate launch) .*": "several processes: tests/house/test_processes.py",
    r"srkit demo.*": "two minutes: tests/house/test_recipes_run.py trains its recipe",
    r"srkit weights get .*": "fetches half a gigabyte",
    r"srkit .*\brealesrgan-x4plus\b.*": "fetches 42 megabytes",
    r"examples/.*: (pytest|srkit plugin check .*)": "slow: test_new_plugins_installed.py runs both",
    r"srkit weights (add|import) .*": "needs what people bring from elsewhere",
    r"srkit .*\b(MODEL|RUN|NAME|HOST|OLD)\b.*": "has a word that the reader fills in",
    r"srkit .*(DIV2K|Flickr2K|Set5|celeba|realesrgan\.safetensors).*": "needs what is not bundled",
    r"srkit .*runs/rrdb-1.*": "needs the run of 70,000 steps that the page begins",
}
"""Lines that do not run here, and why; the flags of srkit's are compared all the same."""

COMPARED_ONLY = ("docs/commands.md",)
"""Pages of examples that help prints; each command has tests of its own."""

MOST_STEPS = 1000
"""Trainings of so many steps take two here, of PHOTOS; longer ones are checked: `srkit check`."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self):
        return f"{self.page}:{self.line}"

    @property
    def path(self):
        """The file that the block is, by its first line."""
        named = re.match(r"# ([\w./-]+\.\w+)\n", self.text)
        return named[1] if named else ""


@cache
def blocks(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [
        Block(page, text[: one.start()].count("\n") + 2, one[1] or "none", one[2]) for one in found
    ]


def lines(block) -> Iterator[str]:
    """The commands of a block, without comments, continued lines joined."""
    for line in block.text.replace("\\\n", " ").splitlines():
        yield from (one.strip() for one in re.split(r" && |\s+#.*|^#.*", line) if one.strip())


@cache
def why_not(page, line):
    """Why a line of a page does not run, or nothing."""
    both = (line, f"{page}: {line}")
    return next(
        (why for told, why in NOT_RUN.items() if any(re.fullmatch(told, one) for one in both)), ""
    )


@cache
def command(line):
    """The command that a line names, and its words."""
    words = [one for one in shlex.split(line)[1:] if not one.startswith("2>")]
    words = words[: words.index(">")] if ">" in words else words
    first = next(place for place, word in enumerate(words) if word[0] not in "-0123456789")
    named = next(
        (name for name in COMMANDS if words[first:][: len(name.split())] == name.split()), None
    )
    named = named or words[first]
    return named, words[first + len(named.split()) :], words


def click_command(name):
    found = typer.main.get_command(build_app())
    for word in name.split():
        found = found.commands[word]
    return found


def compare_flags(line):
    name, words, _ = command(line)
    click_command(name).make_context(f"srkit {name}", list(words))


def checking(words):
    """`srkit check` with the flags of a training that it knows."""
    known = {flag for one in click_command("check").params for flag in one.opts}
    pairs = list(zip(words, [*words[1:], ""], strict=True))
    flags = [pair for pair in pairs if pair[0] in known and pair[0].startswith("--")]
    first = words[:1] if words and not words[0].startswith("-") else []
    return ["check", *first, *(word for pair in flags for word in pair)]


@dataclass
class Shell:
    """What the reader of a page has: a folder, variables of Python, installed plugins."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    variables: dict = field(default_factory=lambda: {"__name__": "__main__"})
    printed: str = ""
    code: int = 0

    def python(self, block):
        if block.path:
            self.write(block)
        else:
            with self.listening():
                exec(compile(block.text, block.place, "exec"), self.variables)

    def toml(self, block):
        if block.path:
            self.write(block)
        document = tomllib.loads(block.text)
        if "stages" in document:
            plan(recipe_from_dict(document), discover())

    def yaml(self, block):
        assert block.path, f"{block.place}: which file is it?"
        self.write(block)

    def write(self, block):
        path = Path(block.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text.partition("\n")[2].lstrip("\n"), encoding="utf-8")
        self.forget_modules()

    def sh(self, block):
        for line in lines(block):
            left_out = why_not(block.page, line) or block.page in COMPARED_ONLY
            if line.startswith("srkit ") and (left_out or command(line)[0] in COMMANDS):
                compare_flags(line)  # a command that is a plugin's is run
            if left_out:
                continue
            with self.listening():
                self.code = self.does(line) or 0
            assert self.code == 0 or self.expects_error, f"{block.place}: {line}\n{self.printed}"

    def does(self, line):
        """Do what a line says, and return its exit code, if it has one."""
        if line.startswith("srkit "):
            return self.srkit(line)
        ways = {
            "cd": self.monkeypatch.chdir,
            "mkdir": os.mkdir,
            "python": self.script,
            "pip install -e": self.install,
            "uv pip install -e": lambda folder: None,  # its page begins with the same, published
            "pip install": self.install_example,
            "pip uninstall -y": self.uninstall,
            "pytest": nested_pytest,
            "ruff": ruff,
        }
        way = next((way for way in ways if f"{line} ".startswith(f"{way} ")), None)
        assert way, f"no reason in NOT_RUN, and no way to run it: {line}"
        return ways[way](*shlex.split(line.removeprefix(way)))

    def script(self, path):
        runpy.run_path(path, run_name="__main__")

    def srkit(self, line):
        name, words, whole = command(line)
        steps = int(words[words.index("--steps") + 1]) if "--steps" in words else None
        if name == "train" and steps and steps <= MOST_STEPS:
            brief = ["--steps", "2", *([] if "--data" in words else ["--data", "PHOTOS"])]
            whole = ["train", *words, *brief]
        elif name == "train" and "--resume" not in words:
            whole = checking(words)
        if " > " not in line:
            return run(whole)
        with io.StringIO() as printed:
            with contextlib.redirect_stdout(printed):
                code = run(whole)
            Path(shlex.split(line)[-1]).write_text(printed.getvalue(), encoding="utf-8")
            sys.stdout.write(printed.getvalue())
        return code

    def install(self, folder):
        """Make a distribution known as `pip install -e` does, without an environment of its own."""
        folder = Path(re.sub(r"\[.*", "", folder)).resolve()
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        info = self.folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        facts = f"Name: {project['name']}\nVersion: {project['version']}\n"
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{facts}")
        points = [
            f"[{group}]\n" + "".join(f"{name} = {where}\n" for name, where in entries.items())
            for group, entries in project.get("entry-points", {}).items()
        ]
        (info / "entry_points.txt").write_text("\n".join(points))
        self.monkeypatch.syspath_prepend(folder)
        self.forget_modules()

    def install_example(self, name):
        """Take a distribution of `examples/` as if the package index had it."""
        folders = {"srkit-edge": "third_party_plugin", "srkit-mini": "third_party_generator"}
        self.install(str(self.folder / "examples" / folders[name]))

    def uninstall(self, name):
        for info in self.folder.glob(f"{name.replace('-', '_')}-*.dist-info"):
            shutil.rmtree(info)
        self.forget_modules()

    def forget_modules(self):
        """Let changed files and distributions be seen."""
        from srkit_core.testing.component_under_test import installed_registry

        installed_registry.cache_clear()
        importlib.invalidate_caches()
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None)).startswith(str(self.folder)):
                del sys.modules[name]

    expects_error = False

    @contextlib.contextmanager
    def listening(self):
        with io.StringIO() as heard:
            with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
                yield
            self.printed = heard.getvalue()

    def text(self, block):
        """Compare with what the block before printed; `...` stands for anything."""
        told = [
            re.escape(line.strip()).replace(r"\.\.\.", ".*") for line in block.text.splitlines()
        ]
        left = iter(line.strip() for line in self.printed.splitlines())
        for line in filter(None, told):
            assert line == ".*" or any(re.fullmatch(line, one) for one in left), (
                f"{block.place}: {line}\nwas not printed, in this order, in\n{self.printed}"
            )


def ruff(*arguments):
    program = Path(sys.executable).with_name("ruff")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    sys.stdout.write(done.stdout)
    return done.returncode


def nested_pytest(*arguments):
    quiet = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-c", "pyproject.toml"]
    return int(pytest.main(["-q", *quiet, "--import-mode=importlib", *arguments]))


@pytest.fixture
def shell(tmp_path, monkeypatch):
    from PIL import Image

    from srkit_core import bundled_photographs

    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "PHOTOS").mkdir()
    for number, path in enumerate(bundled_photographs()[:3]):
        with Image.open(path) as picture:
            picture.convert("RGB").crop((0, 0, 320, 288)).save(f"{tmp_path}/PHOTOS/{number}.png")
            picture.convert("RGB").crop((0, 0, 64, 48)).save(tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)  # of this session, not of a reader's pytest
    opened = Shell(tmp_path, monkeypatch)
    yield opened
    opened.forget_modules()


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_every_block_of_a_page_runs(page, shell, monkeypatch):
    if page.startswith("examples/"):
        for material in ("PHOTOS", "photo.jpg"):
            (Path(page).parent / material).symlink_to(Path(material).resolve())
        monkeypatch.chdir(Path(page).parent)
    before = None
    for here, following in zip(blocks(page), [*blocks(page)[1:], None], strict=True):
        assert here.language in LANGUAGES, f"{here.place}: {here.language}"
        shell.expects_error = bool(following and following.text.startswith("error:"))
        if here.language != "text" or (before and before.language in ("sh", "python")):
            getattr(shell, here.language)(here)
        before = here


def test_nothing_is_left_out_without_need():
    typed = [
        (page, line)
        for page in PAGES
        for one in blocks(page)
        if one.language == "sh"
        for line in lines(one)
    ]
    assert set(NOT_RUN.values()) - {why_not(*one) for one in typed} == set()
    srkits = [(page, line) for page, line in typed if line.startswith("srkit ")]
    assert sum(bool(why_not(*one)) for one in srkits) < len(srkits) / 2
