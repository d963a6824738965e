"""Does a network leave alone what belongs to the whole process?"""

import torch
from torch import nn

from srkit_core.models.build import build
from srkit_core.testing.checks import check
from srkit_core.testing.component_under_test import SEED
from srkit_core.testing.network_contract import NetworkChecks, call, equal, in_eval_mode, outputs
from srkit_core.testing.surroundings import watched
from srkit_core.testing.torch_surroundings import OF_TORCH, owners_of_names


class SurroundingsChecks(NetworkChecks):
    """Checks of what happens beside the output: settings, files, prints and random states."""

    @check("inputs")
    def test_building_it_changes_nothing_else(self) -> None:
        """No setting, file, print, process or random state but torch's, which srkit sets."""
        self.build()  # what is imported once is imported now
        with watched(OF_TORCH, owners_of_names()) as facts:
            build(self.bound(), seed=SEED)
        assert not facts, f"building it {_listed(facts)}; a component leaves all that alone"

    @check("inputs")
    def test_calling_it_changes_nothing_else(self) -> None:
        """In training and in eval mode, with gradients and without."""
        network = self.build()
        call(network, self.sample())
        network, batch = self.build(), self.sample()
        with watched(OF_TORCH, owners_of_names()) as facts, torch.random.fork_rng(devices=[]):
            for one in (network, in_eval_mode(network)):
                one(batch)
        assert not facts, f"calling it {_listed(facts)}; a component leaves all that alone"

    @check("seed")
    def test_it_is_deterministic_in_evaluation(self) -> None:
        """In eval mode nothing is drawn: the seed changes nothing, and is not moved on."""
        network = in_eval_mode(self.build())
        made = []
        for seed in (0, 1):
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(seed)
                before = torch.get_rng_state()
                made.append(outputs(network, self.sample()))
                moved = not torch.equal(before, torch.get_rng_state())
            assert not moved, (
                "in eval mode it draws from torch's random state; draw only `if self.training`"
            )
        assert equal(*made), (
            "in eval mode its output changes from call to call; draw only `if self.training`"
        )

    @check("seed")
    def test_what_it_draws_in_training_is_torch_s(self) -> None:
        """A resumed run makes the same steps: all randomness is from torch's random state."""
        made = []
        for _ in range(2):
            network = self.build()
            if not isinstance(network, nn.Module):
                return
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(0)
                made.append(outputs(network.train(), self.sample()))
        assert equal(*made), (
            "under one seed it makes two outputs in training mode; draw from torch's random state, "
            "by torch.rand and the like"
        )


def _listed(facts: list[str]) -> str:
    return ", ".join(facts[:4]) + (f" and {len(facts) - 4} things more" if len(facts) > 4 else "")
