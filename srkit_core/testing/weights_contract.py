"""Which checks do known weights pass?"""

import re
import zipfile
from functools import cached_property
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import numpy as np
import torch
from torch import Tensor

from srkit_core.arrays import read_arrays
from srkit_core.data.bundled_photographs import bundled_photographs
from srkit_core.downloads import sha256
from srkit_core.errors import SrkitError
from srkit_core.expressions import parse_call
from srkit_core.inside import leads_out
from srkit_core.io.images import read_image, to_unit
from srkit_core.models.find_model import open_model
from srkit_core.models.model import Model
from srkit_core.models.weights_file import not_finite
from srkit_core.plan import bind_generator
from srkit_core.pretrained import find
from srkit_core.specs import Home, Packaged, Shipped, WeightsSpec
from srkit_core.testing.announcement_under_test import AnnouncementUnderTest
from srkit_core.testing.checks import NotTriedError, check

_ARCHIVE = re.compile(r"[\w.+-]+\.(whl|tar\.gz|zip)")
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_SIDE = 32
_NEAR = 0.15
"""How far, of 1, SR may be from the enlarged picture in the mean (empirical: published models for
photographs and drawings are within 0.03).
"""


OF_MODELS = frozenset(
    {"test_it_opens_as_the_generator_and_scale_it_says", "test_its_sr_is_of_the_picture"}
)
"""Checks that say nothing about a network of losses and metrics."""


class WeightsContract(AnnouncementUnderTest):
    """Checks of known weights: the file is the one that is announced, and a model that it holds is
    what it says.

    Attributes:
        weights: the name of the weights. What needs the file is not tried where it is not on this
            machine; nothing is downloaded.
    """

    weights: ClassVar[str]

    @check("announced")
    def test_it_says_what_it_is(self) -> None:
        """What it is, whose it is, and what may be done with it."""
        spec = self.spec_under_test
        assert spec.summary.strip(), f"{spec.name} has no summary"
        assert spec.source.strip(), f"{spec.name} names no source: who trained it, and on what?"
        assert spec.licence.strip(), f"{spec.name} names no licence of the weights"
        assert spec.files, f"{spec.name} names no file"

    @check("announced")
    def test_a_model_names_its_generator_and_scale(self) -> None:
        """Whole models name both; networks of losses and metrics neither."""
        spec = self.spec_under_test
        assert bool(spec.generator) == (spec.scale is not None), (
            f"a model has a generator and a scale: generator='{spec.generator}', scale={spec.scale}"
        )
        if spec.scale is not None:
            try:
                bind_generator(self.registry(), parse_call(spec.generator), spec.scale)
            except SrkitError as error:
                raise AssertionError(
                    f"the generator '{spec.generator}': {error.message.splitlines()[0]}"
                ) from None

    @check("announced")
    def test_sources_can_be_used(self) -> None:
        """Addresses are https, archives are of the package index, members stay inside of them."""
        for file in self.spec_under_test.files:
            for source in file.sources:
                fault = _fault_of_source(source)
                assert fault is None, fault
                told = isinstance(source, Packaged) and bool(source.text)
                assert told == bool(file.texts), f"{source}: a text is announced here or there only"
        digests = [file.sha256 for file in self.spec_under_test.files]
        assert len(set(digests)) == len(digests), "one file is announced twice"

    @check("file")
    def test_a_file_that_comes_along_is_the_one_announced(self) -> None:
        """A file in the wheel is there, of the size and sha256 that are announced."""
        shipped = [
            (file, source.path)
            for file in self.spec_under_test.files
            for source in file.sources
            if isinstance(source, Shipped)
        ]
        for file, path in shipped:
            assert path.is_file(), f"there is no file {path.name} in {path.parent}"
            size = path.stat().st_size
            assert file.size in (None, size), f"{path.name} has {size} bytes, not {file.size}"
            digest = sha256(path)
            assert digest == file.sha256, f"{path.name} has the sha256 {digest}, not {file.sha256}"

    @check("file")
    def test_a_file_here_holds_finite_tensors(self) -> None:
        """Nothing is run when it is opened, and every number is one."""
        tensors = self._tensors()
        assert tensors, f"{self._path.name} holds no tensors"
        broken = not_finite(tensors)
        assert not broken, f"{self._path.name} holds numbers that are not finite, in {broken[0]}"

    @check("file")
    def test_it_opens_as_the_generator_and_scale_it_says(self) -> None:
        """Every tensor finds its place, and options that are announced are those of the file."""
        model, spec = self._model(), self.spec_under_test
        assert model.scale == spec.scale, (
            f"the file is for scale {model.scale}, announced is {spec.scale}"
        )
        said = bind_generator(self.registry(), parse_call(spec.generator), model.scale)
        assert model.bound.component == said.component, (
            f"the file is of {model.bound.component.full_name}, announced is "
            f"{said.component.full_name}"
        )
        found = dict(model.bound.expression.options)
        written = {name: said.expression for name, _ in parse_call(spec.generator).options}
        different = [
            name for name, call in written.items() if dict(call.options)[name] != found[name]
        ]
        assert not different, (
            f"the file has {', '.join(f'{name}={found[name]}' for name in different)}, announced "
            f"is {spec.generator}"
        )

    @check("values")
    def test_its_sr_is_of_the_picture(self) -> None:
        """SR of a photograph is finite, nearer to it than black is, and like its enlargement."""
        model = self._model()
        hr = _photograph(_SIDE * model.scale)
        with torch.no_grad():
            lr = torch.nn.functional.interpolate(hr, (_SIDE, _SIDE), mode="area")
            sr = model(lr)
        assert sr.shape == hr.shape, f"SR is {tuple(sr.shape)}, not {tuple(hr.shape)}"
        assert bool(sr.isfinite().all()), "SR is not finite"
        off, black = _distance(sr.clamp(0, 1), hr), _distance(torch.zeros_like(hr), hr)
        assert off < black, f"SR is further from the picture ({off:.3f}) than black ({black:.3f})"
        plain = torch.nn.functional.interpolate(lr, hr.shape[2:], mode="bicubic").clamp(0, 1)
        away = _distance(sr.clamp(0, 1), plain)
        assert away < _NEAR, (
            f"SR is {away:.3f} of 1 away from the enlarged picture in the mean; is it a model of "
            "that generator, that scale and that range of values?"
        )

    @property
    def spec_under_test(self) -> WeightsSpec:
        """What its plugin announced."""
        return self.registry().one(WeightsSpec, self.weights).spec

    @cached_property
    def _path(self) -> Path:
        """The verified file on this machine."""
        found = find(self.spec_under_test)
        if found is not None:
            return found.path
        for file in self.spec_under_test.files:
            for source in file.sources:
                if isinstance(source, Shipped) and source.path.is_file():
                    return source.path
        raise NotTriedError(f"{self.spec_under_test.name} is not on this machine")

    def _tensors(self) -> dict[str, Tensor]:
        try:
            arrays = None if self.spec_under_test.generator else _numpy_archive(self._path)
            return read_arrays(self._path) if arrays is None else arrays
        except SrkitError as error:
            raise AssertionError(error.message) from None

    def _model(self) -> Model:
        spec = self.spec_under_test
        if not spec.generator or spec.scale is None:
            raise NotTriedError(f"{spec.name} is a network of losses and metrics, and no model")
        try:
            return open_model(self._path, self.registry(), spec.scale, torch.device("cpu"))
        except SrkitError as error:
            raise AssertionError(error.message) from None


def _fault_of_source(source: Home | Packaged | Shipped) -> str | None:
    if isinstance(source, Shipped):
        return None if source.path.is_absolute() else f"{source.path} is no absolute path"
    if isinstance(source, Home):
        parts = urlsplit(source.url)
        named = bool(parts.hostname and parts.path.strip("/")) and not parts.username
        outside = leads_out(parts.path.rpartition("/")[2])
        sound = parts.scheme == "https" and named and not outside
        return None if sound else f"{source.url} is no address of a file, https://HOST/.../FILE"
    if not _PROJECT.fullmatch(source.project):
        return f"'{source.project}' is no name of a project of the package index"
    if not _ARCHIVE.fullmatch(source.archive):
        return f"'{source.archive}' is no file name of a wheel or sdist"
    members = [one for one in (source.member, source.text) if one and leads_out(one)]
    return f"the member '{members[0]}' leads out" if members else None


def _numpy_archive(path: Path) -> dict[str, Tensor] | None:
    """Return the arrays of numpy's archive, which networks of metrics come in; None for others."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        if not all(name.endswith(".npy") for name in archive.namelist()):
            return None
    with np.load(path, allow_pickle=False) as arrays:
        return {name: torch.from_numpy(value) for name, value in arrays.items()}


def _photograph(side: int) -> Tensor:
    """Return the middle of a bundled photograph, (1, 3, side, side) in [0, 1]."""
    batch = to_unit(torch.from_numpy(read_image(bundled_photographs()[0]))[None])
    top, left = (batch.shape[2] - side) // 2, (batch.shape[3] - side) // 2
    return batch[..., top : top + side, left : left + side].contiguous()


def _distance(one: Tensor, other: Tensor) -> float:
    return (one - other).abs().mean().item()
