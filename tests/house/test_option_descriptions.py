"""Does every option of every installed component say what it means?"""

import re

from srkit_core.options import options_of
from srkit_core.registry import discover


def _options():
    return [
        (component.kind, component.name, option)
        for component in discover().components
        for option in options_of(component.spec.factory)
    ]


def test_every_option_has_a_description():
    options = _options()
    assert len(options) >= 80
    silent = [(kind, name, option.name) for kind, name, option in options if not option.doc]
    assert silent == []


def test_a_description_does_not_run_on_into_the_next_option():
    """Two options in one paragraph of `Args:` are read as one."""
    others = {
        (kind, name): {other.name for k, n, other in _options() if (k, n) == (kind, name)}
        for kind, name, _ in _options()
    }
    merged = [
        (kind, name, option.name, inner)
        for kind, name, option in _options()
        for inner in re.findall(r"[.)] (\w+): ", option.doc)
        if inner in others[kind, name]
    ]
    assert merged == []
