"""Which checks does an augmentation pass?"""

from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from srkit_core.augmentation import (
    PHASES,
    CropAugmentation,
    MixAugmentation,
    PixelAugmentation,
    ViewAugmentation,
)
from srkit_core.augmentation.affine import Frame
from srkit_core.augmentation.batch_examples import Examples
from srkit_core.augmentation.crop_position import CropChoice
from srkit_core.augmentation.names import phase_of
from srkit_core.augmentation.pixel_change import PixelChange
from srkit_core.augmentation.view import View
from srkit_core.errors import PluginError
from srkit_core.expressions import parse_call
from srkit_core.specs import AugmentationSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.extension_contract import ExtensionContract, work_imported
from srkit_core.testing.guarded import guarded

_SEEDS = range(16)
_HEIGHT, _WIDTH, _PATCH = 72, 96, 32
_FRAME = Frame(20, 30, _PATCH, _PATCH, (36.0, 46.0), _PATCH)
Effect = tuple[NDArray[Any], ...]


class AugmentationContract(ExtensionContract):
    """Checks of an augmentation: what it does to one picture, or one batch, under sixteen seeds.

    Attributes:
        expression: its name, with options to try where it has some.
    """

    spec_class = AugmentationSpec

    @check("announced")
    def test_it_says_its_phase(self) -> None:
        """Its factory is a subclass of a phase, or says that it returns one; and it makes one."""
        name = parse_call(self.expression).name
        try:
            phase = PHASES[phase_of(self.registry().one(AugmentationSpec, name))]
        except PluginError as error:
            raise AssertionError(error.message) from None
        made = self.build()
        assert isinstance(made, phase), (
            f"it says that it makes a {phase.__name__}, and makes a {type(made).__name__}"
        )

    @check("announced")
    def test_it_is_made_without_torch(self) -> None:
        """It is made when a recipe is checked."""
        bound = self.bound()
        with work_imported() as found:
            bound.installed.spec.factory(**bound.options)
        assert not found, f"made, it imports {', '.join(sorted(found))}: leave that to apply"

    @check("values")
    def test_it_changes_something(self) -> None:
        """Under one of sixteen seeds."""
        what = self._made()
        same = all(_same(_effect(what, seed), _effect(None, seed, what)) for seed in _SEEDS)
        assert not same, f"under {len(_SEEDS)} seeds it changes nothing"

    @check("seed")
    def test_equal_seeds_do_the_same(self) -> None:
        """All draws come from the generator that it is given, also where it is made anew."""
        found = list[list[Effect]]()
        for elsewhere in (1, 2):
            with guarded(seed=elsewhere):
                found.append([_effect(self._made(), seed) for seed in _SEEDS])
        assert all(map(_same, *found)), (
            "equal seeds do different things: draw from the generator that is given"
        )

    @check("dtype")
    def test_pictures_stay_pictures(self) -> None:
        """Of their size: 8 bits before LR is made, a batch's own type in [0, 1] afterwards; a crop
        inside its picture.
        """
        what = self._made()
        for seed in _SEEDS:
            for before, after in zip(_effect(None, seed, what), _effect(what, seed), strict=True):
                assert (after.shape, after.dtype) == (before.shape, before.dtype), (
                    f"of {before.dtype} {before.shape} it makes {after.dtype} {after.shape}"
                )
                assert _inside(what, after), f"it leaves the range: {after.min()}..{after.max()}"

    @check("inputs")
    def test_it_leaves_what_it_is_given_alone(self) -> None:
        """Pictures are kept in memory and seen again."""
        what = self._made()
        picture, examples = _picture(), _examples()
        batch = [one.clone() for one in (examples.lr, examples.hr, examples.target)]
        for seed in _SEEDS:
            _effect(what, seed, picture=picture, examples=examples)
        kept = zip(batch, (examples.lr, examples.hr, examples.target), strict=True)
        same = np.array_equal(picture, _picture()) and all(torch.equal(*both) for both in kept)
        assert same, "it writes into the picture or batch that it is given: change a copy"

    @check("inputs")
    def test_it_goes_to_another_process(self) -> None:
        """Processes that load pictures get it by pickling; here it is packed, never unpacked."""
        what = self._made()
        try:
            ForkingPickler.dumps(what)
        except Exception as error:  # a plugin may raise anything
            fault = f"{type(error).__name__}: {error}"
            raise AssertionError(f"it cannot be pickled: {fault}") from error

    @check("values")
    def test_a_share_is_kept(self) -> None:
        """`NAME@0.5` changes half of the samples: `change` of a view never returns the view it is
        given, and with the probability 0 no example of a batch is changed. Shares of crops and
        pixels are drawn by srkit.
        """
        what = self._made()
        if isinstance(what, ViewAugmentation):
            for view in (View(flip, turns) for flip in (False, True) for turns in range(4)):
                same = [one for one in _SEEDS if what.change(view, _numbers(one)) == view]
                assert not same, f"change returns the view that it is given, {view}"
        if isinstance(what, MixAugmentation):
            given = _examples()
            made = what.apply(given, 0.0, torch.Generator().manual_seed(0))
            pairs = ((made.lr, given.lr), (made.hr, given.hr), (made.target, given.target))
            same_batch = all(torch.equal(*both) for both in pairs)
            assert same_batch, "with the probability 0 it changes a batch"

    def _made(self) -> Any:
        made = self.build()
        if not isinstance(made, PHASES):
            raise NotTriedError("it is of no phase")
        return made


def _effect(
    what: Any,
    seed: int,
    like: Any = None,
    picture: NDArray[np.uint8] | None = None,
    examples: Examples | None = None,
) -> Effect:
    """Return what comes out under a seed; of None what comes out without one of the phase of
    `like`.
    """
    phase = like if what is None else what
    rng, torch_rng = _numbers(seed), torch.Generator().manual_seed(seed)
    picture = _picture() if picture is None else picture
    try:
        if isinstance(phase, CropAugmentation):
            choice = CropChoice() if what is None else what.apply(CropChoice(), rng)
            place = choice.draw(picture, _PATCH, 2, _numbers(seed))
            return (np.array(place),)
        if isinstance(phase, PixelAugmentation):
            change = PixelChange() if what is None else what.apply(PixelChange(), rng)
            return (np.asarray(change.of(picture, _FRAME)),)
        if isinstance(phase, ViewAugmentation):
            view = View() if what is None else what.apply(View(), rng)
            return (view.of(picture[:_PATCH, :_PATCH]),)
        given = _examples() if examples is None else examples
        made = given if what is None else what.apply(given, 1.0, torch_rng)
        return tuple(one.numpy().copy() for one in (made.lr, made.hr, made.target))
    except Exception as error:  # a plugin may raise anything
        raise AssertionError(f"it raised {type(error).__name__}: {error}") from error


def _numbers(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _inside(what: Any, after: NDArray[Any]) -> bool:
    if isinstance(what, CropAugmentation):
        y, x = after
        return bool(0 <= y <= _HEIGHT - _PATCH and 0 <= x <= _WIDTH - _PATCH)
    if isinstance(what, MixAugmentation):
        return bool(after.min() >= 0 and after.max() <= 1)
    return True


def _same(one: Effect, other: Effect) -> bool:
    return all(np.array_equal(*both) for both in zip(one, other, strict=True))


def _picture() -> NDArray[np.uint8]:
    rng = _numbers(20)
    return rng.integers(0, 256, (_HEIGHT, _WIDTH, 3), dtype=np.uint8)


def _examples() -> Examples:
    rng = torch.Generator().manual_seed(20)
    hr = torch.rand(2, 3, _PATCH, _PATCH, generator=rng)
    return Examples(torch.rand(2, 3, _PATCH // 2, _PATCH // 2, generator=rng), hr, hr.clone())
