"""Is the catalogue of plugins in order, and does it find who would provide a component?"""

from datetime import date

import pytest

from srkit_core.catalogue import LastCheck, catalogue, parse_catalogue, providers
from srkit_core.errors import RegistryError, UnknownComponentError
from srkit_core.interfaces import INTERFACES
from srkit_core.registry import discover
from srkit_core.resources import bundled

ENTRY = """
[[distribution]]
name = "zz-span"
tier = "community"
licence = "MIT"
components = [{ kind = "generator", name = "span", summary = "swift attention" }]
"""
CHECKED = 'checked = { date = 2026-11-26, srkit = "0.1.0", result = "passed" }'
FAULTS = [
    ("[", "it is not TOML: "),
    ("distribution = 3", "distribution is no list of tables"),
    (ENTRY + "[other]\n", "there is a table 'other'"),
    (
        ENTRY.replace('"community"', '"official"'),
        "tier must be 'core' or 'verified' or 'community'",
    ),
    (ENTRY.replace('licence = "MIT"', ""), "distribution 'zz-span' has no licence"),
    (ENTRY.replace('"MIT"', "3"), "distribution 'zz-span': licence must be text, not 3"),
    (ENTRY.replace("licence", "license"), "distribution 'zz-span' has a field 'license'"),
    (ENTRY.replace("zz-span", "../x"), "the distribution '../x' has a name that expressions cann"),
    (ENTRY.replace("zz-span", "x; rm -rf ~"), "the distribution 'x; rm -rf ~' has a name that"),
    (ENTRY.replace('"span"', '"../span"'), "zz-span, generator '../span': its name may hold"),
    (ENTRY.replace("swift", "\\u001b[2J"), "summary must be one line of text of up to 300 char"),
    (ENTRY.replace("swift", "\\u202e"), "summary must be one line of text of up to 300 char"),
    (ENTRY + ENTRY, "zz-span is there twice"),
    (ENTRY.replace("[{", "[]#"), "components must be of 1 item or more, not ()"),
    (ENTRY.replace("[{", '["span"]#'), "components[0] must be a Provided, not 'span'"),
    (ENTRY.replace("licence", "interface = [2, 1]\nlicence"), "interface is oldest, then newest"),
    (ENTRY.replace("licence", "interface = [1]\nlicence"), "interface must be of another length"),
    (ENTRY.replace("licence", 'checked = "today"\nlicence'), "checked must be a LastCheck or None"),
    (ENTRY.replace("licence", CHECKED.replace("passed", "?") + "\nlicence"), "result must be 'pas"),
    (ENTRY.replace("licence", CHECKED.replace("date", "day") + "\nlicence"), "has a field 'day'"),
]


def test_entries_are_sorted_and_unique():
    keys = [(entry.distribution, entry.kind, entry.name) for entry in catalogue()]
    assert keys == sorted(set(keys))
    core = [(entry.kind, entry.name) for entry in catalogue() if entry.home.tier == "core"]
    assert len(set(core)) == len(core)


def test_entries_are_of_known_kinds_and_say_something():
    for entry in catalogue():
        assert entry.kind in INTERFACES
        assert entry.summary.strip() == entry.summary != ""
        assert entry.install == f"pip install {entry.distribution}"
        assert bool(entry.licence) == (entry.kind == "weights")


def test_providers_are_found_by_kind_and_either_name():
    (found,) = providers("loss", "tv")
    assert (found.distribution, found.summary) == ("srkit-tv", "total variation of the output")
    assert providers("loss", "srkit-tv/tv") == (found,)
    assert (found.home.tier, found.home.licence, found.home.interface) == (
        "core",
        "Apache-2.0",
        (1, 2),
    )
    assert providers("generator", "tv") == providers("loss", "srkit-rrdb/tv") == ()


@pytest.mark.parametrize(("text", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_a_catalogue_that_is_not_sound_is_refused_with_what_is_wrong(text, fault):
    with pytest.raises(RegistryError) as refused:
        parse_catalogue(text)
    assert fault in refused.value.message


def test_everything_that_is_known_of_a_distribution_is_read():
    text = ENTRY.replace("licence", f'{CHECKED}\nyanked = "it deletes files"\nlicence')
    (entry,) = parse_catalogue(text)
    assert entry.home.checked == LastCheck(date=date(2026, 11, 26), srkit="0.1.0", result="passed")
    assert entry.install == ""
    assert entry.home.standing == "withdrawn: it deletes files"


@pytest.fixture
def listed(monkeypatch):
    """Put a catalogue in the place of srkit's."""

    def put(text):
        entries = parse_catalogue(text)
        monkeypatch.setattr("srkit_core.catalogue.catalogue", lambda: entries)
        homes = {one.distribution: one.home for one in entries}
        monkeypatch.setattr("srkit_core.catalogue.distributions", lambda: homes)

    return put


def test_a_miss_offers_a_community_plugin_and_says_that_nobody_reviewed_it(listed):
    listed(ENTRY)
    with pytest.raises(UnknownComponentError) as missed:
        discover(limit=()).find("generator", "span")
    assert missed.value.hint == ("pip install zz-span (community: nobody of srkit has reviewed it)")


def test_a_miss_never_offers_what_was_withdrawn_and_says_why(listed):
    listed(ENTRY.replace("licence", 'yanked = "it deletes files"\nlicence'))
    with pytest.raises(UnknownComponentError) as missed:
        discover(limit=()).find("generator", "span")
    assert missed.value.message == (
        "no generator named 'span' is installed; zz-span had it and was withdrawn: it deletes files"
    )
    assert "install" not in missed.value.hint
    with pytest.raises(UnknownComponentError) as missed:
        discover(limit=()).find("generator", "zz-span/span")
    assert missed.value.hint == "nothing: zz-span was withdrawn (it deletes files)"


def test_what_a_file_names_and_the_catalogue_does_not_know_is_not_recommended():
    with pytest.raises(UnknownComponentError) as missed:
        discover(limit=()).find("generator", "evil-span/span")
    assert (missed.value.message, missed.value.hint) == (
        "no generator named 'evil-span/span' is installed: the distribution evil-span is not",
        "pip install evil-span (srkit's catalogue does not know it: look at it first)",
    )


def test_bundled_files_are_found_in_a_checkout_and_in_a_wheel(tmp_path, monkeypatch):
    assert bundled("registry.toml").is_file()
    assert (bundled("examples/recipes") / "demo.toml").is_file()
    monkeypatch.setattr("srkit_core.resources._IN_WHEEL", tmp_path)
    assert bundled("examples/recipes") == tmp_path / "examples" / "recipes"
