"""Which optimizers and schedules are broken in one way?"""

import random

import torch
from mutants.extension_rows import extension, rows
from mutants.machinery import also

from srkit_core.specs import OptimizerSpec, ScheduleSpec


def linear(position):
    return 1 - position.step / position.length


def counting():
    asked = []

    def factor(position):
        asked.append(position)
        return 1 / len(asked)

    return factor


def torchlike(position):
    import torch

    return float(torch.tensor(1.0))


def once_torchlike():
    import torch

    return lambda position: torch.pi / 4


def jump(position):
    return 1.0 if random.random() < 0.5 else 0.5


class Sign(torch.optim.Optimizer):
    """Steps along signs of averaged gradients."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})
        self.seen, self.own = {}, lr

    def rate(self, group):
        return group["lr"]

    def memory(self, parameter):
        return self.state[parameter]

    def direction(self, average):
        return average.sign()

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if self.moves(parameter):
                    memory = self.memory(parameter)
                    average = memory.setdefault("average", torch.zeros_like(parameter))
                    average.lerp_(parameter.grad, 0.3)
                    parameter.sub_(self.direction(average), alpha=self.rate(group))

    def moves(self, parameter):
        return parameter.grad is not None


class OwnRate(Sign):
    def rate(self, group):
        return self.own


class Ascends(Sign):
    def direction(self, average):
        return -average.sign()


class Stays(Sign):
    def direction(self, average):
        return 0 * average


class Elsewhere(Sign):
    def memory(self, parameter):
        return self.seen.setdefault(parameter, {})


class Draws(Sign):
    def direction(self, average):
        return average.sign() * torch.rand(())


class Sets(Sign):
    def memory(self, parameter):
        self.state[parameter]["shapes"] = {tuple(parameter.shape)}
        return self.state[parameter]


class Needs(Sign):
    def moves(self, parameter):
        return True


class Decays(Sign):
    def moves(self, parameter):
        parameter.mul_(0.99)
        return parameter.grad is not None


class HalfRate(Sign):
    def __init__(self, parameters, lr):
        super().__init__(parameters, lr / 2)


class Counts(Sign):
    count = 0

    def rate(self, group):
        self.count += 1
        return group["lr"] / self.count


def maker(cls):
    return lambda: cls


NAN = float("nan")
DRAWN = also("what is drawn cannot be repeated", "it_goes_on_where_it_stopped")
SOUND = (
    ("a schedule", extension(ScheduleSpec, lambda: linear)),
    ("an optimizer", extension(OptimizerSpec, maker(Sign))),
    ("torch's Adam", extension(OptimizerSpec, maker(torch.optim.Adam))),
    ("torch's SGD", extension(OptimizerSpec, maker(torch.optim.SGD))),
)
MUTANTS = rows(
    {
        ScheduleSpec: (
            ("no-function", lambda: 1.0, "makes_a_function", "makes a float, no function", {}),
            (
                "below-0",
                lambda: lambda at: 0.5 - at.step,
                "test_its_factors_are_rates",
                "it gives -0.5",
                {},
            ),
            (
                "no-number",
                lambda: lambda at: NAN,
                "test_its_factors_are_rates",
                "it gives nan",
                also("it is no number either", "it_moves_something", "it_is_a_pure_function"),
            ),
            (
                "a-text",
                lambda: lambda at: "1",
                "test_its_factors_are_rates",
                "a str, not a number",
                also("it is no number", "it_moves_something"),
            ),
            (
                "a-stage-has-two-steps",
                lambda: lambda at: 1 / (at.length - 1),
                "test_its_factors_are_rates",
                "ZeroDivisionError",
                also("it is asked there too", "it_moves_something", "it_is_a_pure_function"),
            ),
            ("always-0", lambda: lambda at: 0.0, "moves_something", "every factor is 0", {}),
            ("counts", counting, "is_a_pure_function", "and later", {}),
            ("draws", lambda: jump, "is_a_pure_function", "and later", {}),
            ("calls-torch", lambda: torchlike, "works_without_torch", "it imports torch", {}),
            ("is-made-with-torch", once_torchlike, "works_without_torch", "it imports torch", {}),
        ),
        OptimizerSpec: (
            ("no-function", lambda: 1, "makes_an_optimizer", "makes a int, no function", {}),
            (
                "no-optimizer",
                lambda: lambda parameters, lr: 1,
                "makes_an_optimizer",
                "a int, which is",
                {},
            ),
            (
                "half-of-the-parameters",
                lambda: lambda all, lr: Sign(all[1:], lr),
                "makes_an_optimizer",
                "lack parameters",
                {},
            ),
            ("another-rate", maker(HalfRate), "makes_an_optimizer", "param_groups have lr", {}),
            ("ascends", maker(Ascends), "test_steps_lower_a_square", "no rate lowers the loss", {}),
            ("stays", maker(Stays), "test_steps_lower_a_square", "no rate lowers the loss", {}),
            (
                "a-rate-of-its-own",
                maker(OwnRate),
                "test_its_rate_is_that_of_its_groups",
                "it moves",
                {},
            ),
            (
                "needs-gradients",
                maker(Needs),
                "test_a_weight_without_gradient_stays",
                "has no gradient",
                {},
            ),
            (
                "decays-without-gradient",
                maker(Decays),
                "test_a_weight_without_gradient_stays",
                "moves",
                also("it moves at rate 0 too", "its_rate_is_that_of_its_groups"),
            ),
            ("draws", maker(Draws), "test_two_of_it_agree", "apart after three steps", DRAWN),
            ("remembers-a-set", maker(Sets), "test_what_it_remembers_can_be_kept", "shapes", {}),
            (
                "remembers-elsewhere",
                maker(Elsewhere),
                "goes_on_where_it_stopped",
                "leads elsewhere",
                {},
            ),
            ("counts-elsewhere", maker(Counts), "goes_on_where_it_stopped", "leads elsewhere", {}),
        ),
    }
)
