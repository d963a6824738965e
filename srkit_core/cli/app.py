"""Which commands are there, and how does an error reach a person?"""

import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from srkit_core.cli import check, demo, evaluate, listing, recipes, training, upscale, weights
from srkit_core.errors import InterruptedRunError, SrkitError
from srkit_core.registry import LIMIT_VARIABLE

TRACE_VARIABLE = "SRKIT_TRACE"
_RESUME_VALUE = re.compile(r"\d+|epoch=\d+")

app = typer.Typer(
    name="srkit",
    help="Train, evaluate and use super-resolution models that are assembled from plugins.",
    epilog="Example: srkit demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("list", epilog="Example: srkit list generator")(listing.list_components)
app.command("show", epilog="Example: srkit show rrdb")(listing.show_component)
app.command("check", epilog="Example: srkit check srresnet")(check.check)
app.command("recipes", epilog="Example: srkit recipes srresnet > mine.toml")(recipes.recipes)
app.command("demo", epilog="Example: srkit demo --out my-demo")(demo.demo)
app.command("train", epilog="Example: srkit train --gen rrdb --disc vgg-sn --loss l1+tv+ragan --data PHOTOS")(training.train)
app.command("eval", epilog="Example: srkit eval bicubic runs/rrdb-1/weights/last.safetensors --data Set5/HR")(evaluate.evaluate)
app.command("upscale", epilog="Example: srkit upscale runs/rrdb-1/weights/last.safetensors photo.jpg --out large.png")(upscale.upscale)
app.add_typer(weights.app, name="weights")


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
    no_plugins: Annotated[bool, typer.Option("--no-plugins", help="Load no plugins but srkit's own components.")] = False,
) -> None:
    """Train, evaluate and use super-resolution models that are assembled from plugins."""
    if version:
        from srkit_core import __version__

        typer.echo(f"srkit {__version__}")
        raise typer.Exit
    if no_plugins:
        os.environ[LIMIT_VARIABLE] = ""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; errors are told in two lines on standard error."""
    words = _with_resume_value(list(sys.argv[1:] if arguments is None else arguments))
    try:
        code = app(args=words, prog_name="srkit", standalone_mode=False)
    except SrkitError as error:
        _tell(error.message, error.hint)
        return 128 + error.signal if isinstance(error, InterruptedRunError) else error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _tell("interrupted", "run the same command again")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _tell_unplanned(error, words)
    return code if isinstance(code, int) else 0


def _with_resume_value(words: list[str]) -> list[str]:
    """Give `--resume` a value where it has none: it takes the next word only if that is a number or `epoch=N`."""
    full = []
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        alone = word == "--resume" and not _RESUME_VALUE.fullmatch(following)
        full.append("--resume=newest" if alone else word)
    return full


def _tell_unplanned(error: Exception, words: Sequence[str]) -> int:
    """Tell a usage error of the parser, or confess a bug."""
    if hasattr(error, "format_message"):
        _tell(error.format_message().rstrip("."), f"srkit {' '.join(words[:1])} --help".replace("  ", " "))
        return 2
    if TRACE_VARIABLE not in os.environ:
        _tell(f"srkit failed unexpectedly: {type(error).__name__}: {error}", f"{TRACE_VARIABLE}=1 shows where; please report it")
    else:
        traceback.print_exception(error)
    return 1


def _tell(message: str, hint: str) -> None:
    if TRACE_VARIABLE in os.environ and sys.exc_info()[1] is not None:
        traceback.print_exc()
    typer.echo(f"error: {message}\ntry: {hint}", err=True)
