"""Is the catalogue of plugins in order, and does it find who would provide a component?"""

import tomllib

from srkit_core.catalogue import CatalogueEntry, catalogue, providers
from srkit_core.resources import bundled
from srkit_core.specs import KINDS


def test_the_file_holds_nothing_but_distributions_and_their_components():
    document = tomllib.loads(bundled("registry.toml").read_text(encoding="utf-8"))
    assert set(document) == {"distribution"}
    assert all(
        set(distribution) == {"name", "components"} for distribution in document["distribution"]
    )
    assert all(
        set(component) == {"kind", "name", "summary"}
        for entry in document["distribution"]
        for component in entry["components"]
    )


def test_entries_are_sorted_and_unique():
    keys = [(entry.distribution, entry.kind, entry.name) for entry in catalogue()]
    assert keys == sorted(set(keys))
    assert len({(entry.kind, entry.name) for entry in catalogue()}) == len(keys)


def test_entries_are_of_known_kinds_and_say_something():
    for entry in catalogue():
        assert entry.kind in (*KINDS, "weights")
        assert entry.summary.strip() == entry.summary != ""
        assert entry.install == f"pip install {entry.distribution}"


def test_providers_are_found_by_kind_and_either_name():
    wanted = CatalogueEntry("loss", "tv", "srkit-tv", "total variation of the output")
    assert providers("loss", "tv") == providers("loss", "srkit-tv/tv") == (wanted,)
    assert providers("generator", "tv") == providers("loss", "srkit-rrdb/tv") == ()


def test_bundled_files_are_found_in_a_checkout_and_in_a_wheel(tmp_path, monkeypatch):
    assert bundled("registry.toml").is_file()
    assert (bundled("examples/recipes") / "demo.toml").is_file()
    monkeypatch.setattr("srkit_core.resources._IN_WHEEL", tmp_path)
    assert bundled("examples/recipes") == tmp_path / "examples" / "recipes"
