"""Are optimizers and their options known without torch, exactly as the installed torch has them?"""

from importlib.util import find_spec

import pytest

from srkit_core.errors import OptionError
from srkit_core.optimizer_config import OptimizerConfig
from srkit_core.torch_optimizers import check_optimizer, optimizer_names, optimizer_options

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="reads the installed torch")


def test_the_usual_ones_are_there():
    assert {"Adam", "AdamW", "SGD"} <= set(optimizer_names())
    assert {"LBFGS", "Optimizer", "SparseAdam"} & set(optimizer_names()) == set()
    assert {"betas", "eps", "weight_decay", "amsgrad", "fused"} <= set(optimizer_options("Adam"))
    assert {"lr", "params", "self"} & set(optimizer_options("Adam")) == set()


@pytest.mark.parametrize(
    ("optimizer", "message", "hint"),
    [
        ({"name": "AdamWW"}, "torch.optim has no optimizer 'AdamWW'", "did you mean 'AdamW'?"),
        (
            {"name": "Adam", "weight_dcay": 0.1},
            "Adam has no option 'weight_dcay'",
            "did you mean 'weight_decay'?",
        ),
        *(
            (
                {"name": name},
                f"torch's {name} cannot train networks of convolutions here",
                "--set optimizer.name=AdamW, or another of torch.optim",
            )
            for name in ("SparseAdam", "LBFGS", "Muon", "Optimizer")
        ),
        ({"name": "qqq"}, "torch.optim has no optimizer 'qqq'", "one of: ASGD, Adadelta"),
    ],
)
def test_a_wrong_one_is_named(optimizer, message, hint):
    with pytest.raises(OptionError) as caught:
        check_optimizer(OptimizerConfig.model_validate(optimizer))
    assert str(caught.value) == message
    assert caught.value.hint.startswith(hint)


def test_every_option_that_a_class_has_is_taken():
    for name in optimizer_names():
        written = dict.fromkeys(optimizer_options(name) or (), 0.5)
        check_optimizer(OptimizerConfig.model_validate({"name": name, **written}))
