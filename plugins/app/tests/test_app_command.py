"""Does `srkit app` find its port, and say what is in the way?"""

import socket

import pytest

from srkit_app import command
from srkit_app.command import app_command
from srkit_app.ports import HOST, USUAL_PORT, bound_socket
from srkit_core.catalogue import providers
from srkit_core.cli.app import run
from srkit_core.errors import IncompatibleError, RecipeError
from srkit_core.testing import CommandContract


class TestContract(CommandContract):
    command = "app"


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_it_is_bound_to_this_machine_alone():
    with bound_socket() as one, bound_socket() as other:
        assert one.getsockname()[0] == other.getsockname()[0] == "127.0.0.1"
        assert one.getsockname()[1] != other.getsockname()[1]


def test_the_usual_port_where_it_is_free():
    with socket.socket() as asked:
        if asked.connect_ex((HOST, USUAL_PORT)) == 0:
            pytest.skip("somebody has the port 7860")
    with bound_socket() as found:
        assert found.getsockname()[1] == USUAL_PORT


def test_a_port_that_was_named_and_is_taken_is_an_error(taken):
    with pytest.raises(RecipeError, match=f"cannot be on port {taken}: address already in use"):
        bound_socket(taken)


def test_the_command_line_says_so_in_two_lines(taken, monkeypatch, capsys):
    monkeypatch.setattr(command, "find_spec", lambda name: object())
    assert run(["app", "--port", str(taken)]) == 2
    assert capsys.readouterr().err == (
        f"error: the page cannot be on port {taken}: address already in use\n"
        "try: srkit app, which takes a free one\n"
    )


def test_without_gradio_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    with pytest.raises(IncompatibleError, match="needs gradio, which is not installed") as caught:
        app_command()
    assert caught.value.hint.startswith("pip install srkit-app")


def test_without_the_distribution_srkit_says_what_to_install():
    assert [one.advice for one in providers("command", "app")] == ["pip install srkit-app"]
    assert run(["--no-plugins", "app"]) == 2
