"""Does a layout name one network, a generator or a discriminator?"""

import pytest

from srkit_core.errors import PluginError
from srkit_core.spec_faults import check_specs
from srkit_core.specs import LayoutSpec


def layout(**fields):
    return LayoutSpec(
        name="theirs",
        marks=(r"first\.weight",),
        options=lambda shapes: {},
        source="theirs",
        **fields,
    )


@pytest.mark.parametrize("kind", ["generator", "discriminator"])
def test_it_is_of_one_network(kind):
    one = layout(**{kind: "mine"})
    check_specs([one])
    assert (one.network_kind, one.network, one.interface) == (kind, "mine", 4)


def test_a_layout_of_the_interface_before_is_taken():
    check_specs([layout(generator="mine", interface=1)])


@pytest.mark.parametrize("fields", [{}, {"generator": "a", "discriminator": "b"}])
def test_one_of_none_or_of_two_is_refused(fields):
    with pytest.raises(PluginError) as refused:
        check_specs([layout(**fields)])
    assert refused.value.message == (
        "layout 'theirs': it names one network: a generator, or a discriminator"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"marks": ()},
        {"marks": (), "reads": lambda tensors: None},
        {"marks": (), "recognises": lambda names: True},
        {"recognises": lambda names: True, "reads": lambda tensors: None},
    ],
)
def test_its_files_are_known_in_one_way(fields):
    usual = {"name": "theirs", "generator": "mine", "marks": ("a",), "source": "theirs"}
    with pytest.raises(PluginError) as refused:
        check_specs([LayoutSpec(**{**usual, **fields})])
    assert refused.value.message == (
        "layout 'theirs': its files are known by marks, or by recognises together with reads"
    )
    whole = {"marks": (), "recognises": lambda names: True, "reads": lambda tensors: None}
    check_specs([LayoutSpec(**{**usual, **whole})])
