"""Which checks does a command of the command line pass?"""

import inspect
from collections.abc import Iterator
from typing import Any, ClassVar

import typer
from typer.testing import CliRunner

from srkit_core.registry import Installed, Registry
from srkit_core.specs import CommandSpec
from srkit_core.testing.checks import NotTriedError, check
from srkit_core.testing.component_under_test import installed_registry
from srkit_core.testing.spec_checks import SaidChecks


class CommandContract(SaidChecks):
    """Checks of a command: it is loaded, and asked for its help. It is not run.

    Attributes:
        command: its name.
    """

    command: ClassVar[str]

    def registry(self) -> Registry:
        """Return where the command is found: among what is installed, or those of a test."""
        return installed_registry()

    @property
    def spec_under_test(self) -> CommandSpec:
        """What its plugin announced."""
        return self._installed.spec

    def distribution_under_test(self) -> str:
        """Return the distribution that announces it."""
        return self._installed.distribution

    @check("announced")
    def test_its_example_is_of_it(self) -> None:
        """A whole command, as people type it."""
        spec = self.spec_under_test
        assert f"{spec.example} ".startswith(f"srkit {spec.name} "), (
            f"the example '{spec.example}' does not begin with 'srkit {spec.name}'"
        )

    @check("values")
    def test_it_loads_a_function(self) -> None:
        """Or a `typer.Typer`, for commands of two words."""
        try:
            does = self.spec_under_test.load()
        except Exception as error:  # a plugin may raise anything
            raise AssertionError(f"load() raised {type(error).__name__}: {error}") from error
        assert callable(does), f"load() returns a {type(does).__name__}, which cannot be called"

    @check("announced")
    def test_it_is_explained(self) -> None:
        """The docstring of a function is the help of its command."""
        silent = [name for name, does in self._functions() if not inspect.getdoc(does)]
        assert not silent, f"the function of {', '.join(silent)} has no docstring"

    @check("options")
    def test_its_help_is_shown(self) -> None:
        """`srkit NAME --help` ends well, and says something."""
        name = self.spec_under_test.name
        app = self._app()
        try:
            result = CliRunner().invoke(app, ["--help"], prog_name=f"srkit {name}")
        except Exception as error:  # a plugin may raise anything
            fault = f"{type(error).__name__}: {error}"
            raise AssertionError(f"srkit {name} --help fails: {fault}") from error
        told = f"srkit {name} --help ends with {result.exit_code}"
        assert result.exit_code == 0, f"{told}: {result.exception}"
        assert result.output.strip(), f"srkit {name} --help shows nothing"

    @check("options")
    def test_every_parameter_is_explained(self) -> None:
        """Each argument and option has a text: `typer.Argument(help=...)`."""
        silent = [
            f"'{parameter.name}' of {command.name}"
            for command in _leaves(self._parsed())
            for parameter in command.params
            if not getattr(parameter, "help", None) and not getattr(parameter, "hidden", False)
        ]
        assert not silent, f"no text says what this is: {', '.join(silent)}"

    @property
    def _installed(self) -> Installed[CommandSpec]:
        return self.registry().one(CommandSpec, self.command)

    def _functions(self) -> Iterator[tuple[str, Any]]:
        does, name = self._loaded(), self.spec_under_test.name
        if not isinstance(does, typer.Typer):
            yield name, does
            return
        for command in does.registered_commands:
            called = command.name or getattr(command.callback, "__name__", "")
            if not command.help:
                yield f"{name} {called}", command.callback

    def _loaded(self) -> Any:
        try:
            does = self.spec_under_test.load()
        except Exception:  # another check tells
            raise NotTriedError("it cannot be loaded") from None
        if not callable(does):
            raise NotTriedError("it is no function")
        return does

    def _app(self) -> typer.Typer:
        does = self._loaded()
        if isinstance(does, typer.Typer):
            return does
        app = typer.Typer(add_completion=False)
        app.command()(does)
        return app

    def _parsed(self) -> Any:
        try:
            return typer.main.get_command(self._app())
        except NotTriedError:
            raise
        except Exception:  # the check of its help tells
            raise NotTriedError("its parameters cannot be read") from None


def _leaves(command: Any) -> Iterator[Any]:
    inner = getattr(command, "commands", None)
    if not inner:
        yield command
        return
    for one in inner.values():
        yield from _leaves(one)
