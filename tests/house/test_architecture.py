"""Is the page about the architecture true?"""

import re


def _layers(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_the_layers_are_those_that_import_linter_checks(root):
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    shown = re.search(r"^```text\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    config = (root / ".importlinter").read_text(encoding="utf-8")
    checked = config.partition("layers =\n")[2].partition("\n\n")[0]
    assert _layers(shown[1]) == _layers(checked)


def test_every_room_is_on_the_page_and_every_room_of_the_page_is_there(root):
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([\w/]+)/`", page, flags=re.MULTILINE))
    packages = {
        str(file.parent.relative_to(root / "srkit_core"))
        for file in (root / "srkit_core").rglob("__init__.py")
    }
    assert named == packages - {".", "engine/logs/curves"}


def test_every_module_of_the_walks_is_there(root):
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    walks = page.partition("## A batch")[2].partition("## What holds")[0]
    rooms = {path.name for path in (root / "srkit_core").iterdir() if path.is_dir()}
    named = re.findall(r"`([a-z_]+/[a-z_]+)`", walks)
    assert len(named) > 15
    missing = [
        name
        for name in named
        if name.partition("/")[0] in rooms and not (root / "srkit_core" / f"{name}.py").exists()
    ]
    assert missing == []


def test_every_file_that_a_change_is_sent_to_is_there(root):
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    table = page.partition("## Where a change goes")[2].partition("## ")[0]
    named = re.findall(r"`([a-z_/]+\.py)`", table)
    assert len(named) >= 12
    assert [name for name in named if not (root / "srkit_core" / name).is_file()] == []
