"""Do values of `--over` become settings and names of runs?"""

import pytest

from srkit_core.errors import RecipeError
from srkit_core.sweep.combinations import combinations_of, names_of, settings_of


def test_every_combination_of_several_keys_is_a_run_in_the_order_they_were_written():
    found = combinations_of(["stages.0.lr=[1e-4, 2e-4]", "seed=[0, 1]"])
    assert [settings_of(one) for one in found] == [
        ("stages.0.lr=1e-4", "seed=0"),
        ("stages.0.lr=1e-4", "seed=1"),
        ("stages.0.lr=2e-4", "seed=0"),
        ("stages.0.lr=2e-4", "seed=1"),
    ]
    assert names_of(found)[0] == "lr=1e-4,seed=0"


def test_values_that_belong_together_are_a_list_and_no_grid():
    found = combinations_of(["stages.0.lr,stages.0.batch=[[1e-4, 16], [2e-4, 32]]"])
    assert [settings_of(one) for one in found] == [
        ("stages.0.lr=1e-4", "stages.0.batch=16"),
        ("stages.0.lr=2e-4", "stages.0.batch=32"),
    ]
    assert names_of(found) == ["lr=1e-4,batch=16", "lr=2e-4,batch=32"]


def test_values_may_be_expressions_and_quoted_text():
    (one, two) = combinations_of(["loss=[l1 + 0.1*vgg(layer=conv5_4, norm=l1), \"l1, 'x'\",]"])
    assert one == {"loss": "l1 + 0.1*vgg(layer=conv5_4, norm=l1)"}
    assert two == {"loss": "\"l1, 'x'\""}
    assert names_of([one]) == ["loss=l1-+-0.1-vgg-layer-conv5_4-norm-l1"]


def test_keys_of_one_name_keep_what_tells_them_apart():
    found = combinations_of(["stages.0.lr=[1]", "stages.1.lr=[2]", "lr_warmup=[3]"])
    assert names_of(found) == ["0.lr=1,1.lr=2,lr_warmup=3"]


def test_names_are_free_of_what_file_systems_mind_and_differ():
    found = combinations_of(['generator=[a/b, "a:b", A?b]'])
    assert names_of(found) == ["generator=a-b", "generator=a-b-2", "generator=A-b-3"]
    long = combinations_of([f"loss=[{'a' * 300}, {'a' * 301}]"])
    assert [len(name) for name in names_of(long)] == [80, 82]


@pytest.mark.parametrize(
    ("over", "fact"),
    [
        (["lr=1e-4"], "--over takes KEY=[V1, V2], not 'lr=1e-4'"),
        (["lr=[]"], "--over takes KEY=[V1, V2], not 'lr=[]'"),
        (["=[1]"], "--over takes KEY=[V1, V2], not '=[1]'"),
        (["lr=[1,,2]"], "--over takes KEY=[V1, V2], not 'lr=[1,,2]'"),
        (["lr,batch=[[1, 2], [3]]"], "--over lr,batch needs 2 values each, and one is [3]"),
        (["lr=[1]", "lr=[2]"], "--over gives lr values twice"),
    ],
)
def test_what_is_no_list_of_values_is_refused(over, fact):
    with pytest.raises(RecipeError) as caught:
        combinations_of(over)
    assert caught.value.message == fact
