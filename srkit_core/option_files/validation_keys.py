"""What does a key about validation become?"""

import re
from typing import Final

from srkit_core.expressions import parse_call
from srkit_core.option_files.sayings import (
    At,
    CannotBeSaid,
    IntoField,
    IntoTerm,
    SaidOtherwise,
    Sayings,
    whole,
)
from srkit_core.option_files.training_keys import is_paired, places

_METRICS: Final = ("psnr", "ssim", "niqe", "lpips", "dists")
"""Metrics that are here, each called `calculate_NAME` there."""

_BY_PROTOCOL: Final = ("calculate_psnr", "calculate_ssim")


def metric_of(at: At) -> str | None:
    """Return the metric that a table of `val.metrics` asks for, if it is here."""
    name = str(at.beside("type", "")).lower().removeprefix("calculate_")
    return name if name in _METRICS else None


def _missing(at: At) -> CannotBeSaid:
    return CannotBeSaid(f"srkit has no metric {at.beside('type')}")


def metric(at: At) -> Sayings:
    """Return a metric by its name here."""
    name = metric_of(at)
    return IntoTerm("validation.metrics", at.parent, "", parse_call(name)) if name else _missing(at)


def _values_of_all(at: At) -> set[object]:
    """Return what the metrics that see a protocol have for this key."""
    beginning, end = "val.metrics", at.name
    return {
        at.options.get(f"{beginning}.{table}.{end}")
        for table in at.options.tables(beginning)
        if str(at.options.get(f"{beginning}.{table}.type")).lower() in _BY_PROTOCOL
    }


def metric_border(at: At) -> Sayings:
    """Return how much is cut off before a metric looks."""
    name = metric_of(at)
    if name is None:
        return _missing(at)
    if name in ("psnr", "ssim") and len(_values_of_all(at)) == 1:
        return IntoField("validation.border", whole(at.value))
    if name in ("psnr", "ssim", "niqe"):
        return IntoTerm("validation.metrics", at.parent, "border", whole(at.value))
    why = f"{name} sees whole pictures"
    return CannotBeSaid(why) if at.value else SaidOtherwise(why)


def metric_channel(at: At) -> Sayings:
    """Return whether a metric sees luma or RGB."""
    name = metric_of(at)
    if name is None:
        return _missing(at)
    if name not in ("psnr", "ssim"):
        return SaidOtherwise(f"{name} knows what it sees")
    protocol = "y" if at.value else "rgb"
    if len(_values_of_all(at)) == 1:
        return IntoField("validation.protocol", protocol)
    return IntoTerm("validation.metrics", at.parent, "protocol", protocol)


def better(at: At) -> Sayings:
    """Say that a metric knows its better side."""
    if metric_of(at) is None:
        return _missing(at)
    return SaidOtherwise("a metric knows which side is better")


def set_name(at: At) -> str:
    """Return the name of a validation set as `--val` and the log take it."""
    table = ".".join(at.leaf.key.split(".")[:2])
    told = str(at.options.get(f"{table}.name", table.rpartition(".")[2]))
    return re.sub(r"[^A-Za-z0-9_-]+", "-", told).strip("-") or "val"


def set_type(at: At) -> Sayings:
    """Say where LR of a validation set comes from."""
    there = str(at.value).lower()
    if "paired" not in there:
        return CannotBeSaid(f"validation compares with HR, which {at.value} has not")
    if is_paired(at):
        return SaidOtherwise("LR comes from disk, as in training")
    return IntoField(f"validation.sets.{set_name(at)}.degradation", "paired")


def set_pictures(at: At) -> Sayings:
    """Say which pictures are a validation set, and where their LR lies."""
    hr, lr = places(at.value), places(at.beside("dataroot_lq", []))
    if len(lr) == len(hr):
        hr = [f"{one} with {small}" for one, small in zip(hr, lr, strict=True)]
    listed = at.beside("meta_info") or at.beside("meta_info_file")
    if listed:
        hr = [f"{listed} in {one}" for one in hr]
    return SaidOtherwise("say --val", ("--val", f"{set_name(at)}={' + '.join(hr)}"))


def set_lr(at: At) -> Sayings:
    """Say where LR of a validation set lies."""
    if at.beside("dataroot_gt") is None:
        return CannotBeSaid("validation compares with HR, which this set has not")
    return SaidOtherwise("a part of --val: HR with LR")


def set_list(at: At) -> Sayings:
    """Say which of a folder's pictures a validation set has."""
    if at.beside("dataroot_gt") is None:
        return CannotBeSaid("validation compares with HR, which this set has not")
    return SaidOtherwise("a part of --val: LIST in HR with LR")


def set_file_names(at: At) -> Sayings:
    """Say how LR files of a validation set are called."""
    return IntoField(f"data.lr_names.{set_name(at)}", str(at.value))
