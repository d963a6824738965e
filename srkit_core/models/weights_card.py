"""Who does a weights file say it is? Its metadata is read without torch."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from safetensors import SafetensorError, safe_open

from srkit_core.errors import ExpressionError, WeightsError
from srkit_core.expressions import Call, parse_call

FORMAT = "srkit-weights-1"
DISCRIMINATOR_FORMAT = "srkit-discriminator-1"
_HEADER_BYTES = 2**16


@dataclass(frozen=True)
class Card:
    """Who a weights file says it is.

    `versions` are of srkit, torch and the plugins that made it; `origin` says what an imported file
    was made from, `begun_from` what a trained one began from, as a person wrote it, with its
    sha256; `opened_by` which other tools open it, where the generator's author says so.
    `held_out` are sha256 and bytes (0: unknown) of the files of pictures that it was judged by and
    never trained on.
    """

    generator: Call
    scale: int
    recipe: str
    versions: Mapping[str, str]
    step: int
    origin: str = ""
    opened_by: str = ""
    held_out: tuple[tuple[str, int], ...] = ()
    begun_from: str = ""

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata of the file."""
        return {
            "format": FORMAT,
            "generator": str(self.generator),
            "scale": str(self.scale),
            "recipe": self.recipe,
            "versions": json.dumps(dict(self.versions), sort_keys=True),
            "step": str(self.step),
            "origin": self.origin,
            "begun_from": self.begun_from,
            "opened_by": self.opened_by,
            "held_out": json.dumps([list(one) for one in self.held_out]),
        }


def is_ours(path: Path) -> bool:
    """Whether an existing file begins as srkit's weights do, of a generator or a discriminator.

    One that is cut off further on still is.
    """
    formats = (FORMAT, DISCRIMINATOR_FORMAT)
    try:
        return read_header(path).get("format") in formats
    except WeightsError:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
        return any(one.encode() in head for one in formats)


def step_of(path: Path) -> int | None:
    """Return the step of the run after which a file of srkit was saved; None where no whole file
    says it.
    """
    try:
        step = read_header(path).get("step", "")
    except WeightsError:
        return None
    return int(step) if step.isdigit() else None


def read_card(path: Path) -> Card:
    """Return who a weights file is; raises WeightsError when it is no complete srkit file."""
    metadata = read_header(path)
    if metadata.get("format") == DISCRIMINATOR_FORMAT:
        raise WeightsError(
            f"{path} holds a discriminator, not a generator",
            hint=f"--init-disc {shlex.quote(str(path))} of srkit train takes it",
            path=path,
        )
    if metadata.get("format") != FORMAT:
        hint = (
            f"srkit weights import {shlex.quote(str(path))} --gen GENERATOR --out NEW.safetensors"
        )
        raise WeightsError(f"{path} does not say which model it is for", hint=hint, path=path)
    try:
        return Card(
            generator=parse_call(metadata["generator"]),
            scale=int(metadata["scale"]),
            recipe=metadata.get("recipe", ""),
            versions=table_of_versions(metadata.get("versions", "{}")),
            step=int(metadata.get("step", 0)),
            origin=metadata.get("origin", ""),
            opened_by=metadata.get("opened_by", ""),
            held_out=_digests(metadata.get("held_out", "[]")),
            begun_from=metadata.get("begun_from", ""),
        )
    except (KeyError, TypeError, ValueError, RecursionError, ExpressionError) as error:
        raise WeightsError(
            f"the metadata of {path} is damaged: {error}", hint="copy the file again", path=path
        ) from error


def read_header(path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file.

    Raises WeightsError when it is missing, truncated or none.
    """
    try:
        check_is_file(path)
        with safe_open(path, framework="numpy") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise unreadable_weights(path, error) from error


def count_numbers(path: Path) -> int | None:
    """Count the numbers that a file of safetensors announces; None for another file."""
    try:
        with safe_open(path, framework="numpy") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118 - safe_open is no mapping
    except (OSError, SafetensorError):
        return None
    return sum(map(prod, shapes))


def table_of_versions(text: str) -> dict[str, str]:
    """Return the versions that a card says; raises ValueError where it is none."""
    table = json.loads(text)
    if not isinstance(table, dict):
        raise ValueError(f"{text} is no table of versions")
    return table


def _digests(text: str) -> tuple[tuple[str, int], ...]:
    return tuple((str(sha256), int(size)) for sha256, size in json.loads(text))


def check_is_file(path: Path) -> None:
    """Raise OSError for a device, which never ends, and for a pipe, which never begins."""
    if path.exists() and not path.is_file():
        raise OSError(0, "it is no file")


def unreadable_weights(path: Path, error: Exception) -> WeightsError:
    """Say what keeps a file of weights from being read."""
    if not path.is_file():
        return WeightsError(
            f"there is no weights file {path}"
            if path.is_dir() or not path.exists()
            else f"{path} is no weights file, but a pipe or a device",
            hint="check the path, or name a baseline such as bicubic",
            path=path,
        )
    if any("\ud800" <= letter <= "\udfff" for letter in str(path)):
        fact = f"{path} lies under a name that is not UTF-8, which safetensors cannot open"
        return WeightsError(fact, hint="give it another name", path=path)
    return WeightsError(
        f"{path} is truncated or no safetensors file: {error}",
        hint="copy or download it again",
        path=path,
    )
