"""Is a checkpoint written beside the next steps, as whole as if they had waited for it?"""

import json
import threading
from types import SimpleNamespace

import pytest
import torch

from srkit_core.callbacks import Callback
from srkit_core.engine.checkpoints import checkpoint_policy
from srkit_core.engine.checkpoints.background_writer import FAILED, BackgroundWriter
from srkit_core.engine.checkpoints.checkpoint import State, read_progress, save_checkpoint
from srkit_core.engine.loop import _asked
from srkit_core.engine.trainer import train
from srkit_core.errors import DiskFullError
from srkit_core.recipe import recipe_from_dict
from srkit_core.run_options import RunOptions

WISH = {
    "generator": "srvgg(features=4, blocks=1)",
    "discriminator": "vgg-sn(features=4)",
    "validation": {"pictures": 0},
    "stages": [
        {
            "loss": "l1 + 0.1*ragan",
            **{"steps": 6, "batch": 2, "patch": 32, "log_every": 1, "ema": 0.9},
            **{"checkpoint_every": 2, "keep": 9, "validate_every": 6},
        }
    ],
}


class Steps(Callback):
    """Tells what happened, in order, and sets an event after a step."""

    def __init__(self, after=0):
        self.told, self.after, self.reached = [], after, threading.Event()

    def on_step(self, event):
        self.told.append(event.run_step)
        if event.run_step == self.after:
            self.reached.set()

    def on_checkpoint(self, event):
        assert read_progress(event.folder).position.total == event.run_step
        self.told.append(f"saved {event.run_step}")


@pytest.fixture
def trained(tmp_path):
    def run(name, callback=None, resume=None):
        options = RunOptions(data="photos", out=tmp_path / name, device="cpu")
        train(recipe_from_dict(WISH), options, resume=resume, callbacks=[callback or Steps()])
        return tmp_path / name

    return run


def tensors(folder):
    """Return the bytes of every file of the checkpoints; of a header the order is left open."""
    found = {}
    for path in folder.glob("checkpoints/*/*.safetensors"):
        content = path.read_bytes()
        end = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:end])
        found[str(path.relative_to(folder))] = (header, content[end:])
    return found


def test_steps_go_on_while_a_checkpoint_is_written_and_its_bytes_are_those_of_its_step(
    trained, monkeypatch
):
    undisturbed, write, heard = trained("whole"), save_checkpoint, Steps(after=4)

    def slow(folder, states, progress):
        if progress.position.total == 2:
            assert heard.reached.wait(60)  # two more steps change every network meanwhile
        write(folder, states, progress)

    monkeypatch.setattr(checkpoint_policy, "save_checkpoint", slow)
    folder = trained("slow", heard)
    saved = heard.told.index("saved 2")
    assert heard.told[:saved] == [1, 2, 3, 4]
    assert [one for one in heard.told if isinstance(one, str)] == ["saved 2", "saved 4", "saved 6"]
    assert len(tensors(folder)) == 15
    assert tensors(folder) == tensors(undisturbed)


def test_one_checkpoint_waits_for_the_one_before(trained, monkeypatch):
    running, most, write = [], [], save_checkpoint

    def counted(folder, states, progress):
        running.append(progress.position.total)
        most.append(tuple(running))
        write(folder, states, progress)
        running.remove(progress.position.total)

    monkeypatch.setattr(checkpoint_policy, "save_checkpoint", counted)
    trained("counted")
    assert most == [(2,), (4,), (6,)]
    assert not [one for one in threading.enumerate() if one.name == "srkit-checkpoint"]


def test_what_the_thread_raises_ends_the_run_with_its_own_sentence_and_it_goes_on(
    trained, monkeypatch, tmp_path
):
    undisturbed, write, heard = trained("whole"), save_checkpoint, Steps()

    def full(folder, states, progress):
        if progress.position.total == 4:
            raise DiskFullError("the disk is full, x was not written", hint="free some space")
        write(folder, states, progress)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint_policy, "save_checkpoint", full)
        with pytest.raises(DiskFullError, match="the disk is full, x was not written"):
            trained("full", heard)
    assert "saved 4" not in heard.told
    assert tensors(trained("full", resume="newest")) == tensors(undisturbed)


def test_a_failure_of_the_main_process_is_heard_by_every_process():
    done = []
    for said in (0, 15, FAILED):
        processes = SimpleNamespace(largest=lambda mine, other=said: max(mine, other))
        context = SimpleNamespace(writer=BackgroundWriter(), processes=processes)
        run = SimpleNamespace(context=context, finish_writing=lambda said=said: done.append(said))
        assert _asked(run, SimpleNamespace(signal=0)) == said
    assert done == [FAILED]


def test_a_copy_is_not_changed_by_what_happens_to_the_network():
    live, plain = torch.ones(2, 3, 4, 4).to(memory_format=torch.channels_last), {"a": [1]}
    copied = State({"w": live, "v": live}, plain).copied()
    live.zero_()
    plain["a"].append(2)
    assert copied.tensors["w"].sum() == 96
    assert copied.tensors["w"].is_contiguous()
    assert copied.tensors["w"].data_ptr() != copied.tensors["v"].data_ptr()
    assert copied.values == {"a": [1]}


def test_a_wait_that_a_signal_ends_can_be_taken_up_again():
    class Impatient(threading.Thread):
        joined = 0

        def join(self, timeout=None):
            Impatient.joined += 1
            if Impatient.joined == 1:
                raise KeyboardInterrupt
            super().join(timeout)

    writer, told, go = BackgroundWriter(), [], threading.Event()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(threading, "Thread", Impatient)
        writer.begin(lambda: go.wait(60), lambda: told.append("whole"))
    with pytest.raises(KeyboardInterrupt):
        writer.finish()
    writer.tell_written()
    assert (told, Impatient.joined) == ([], 1)
    go.set()
    writer.finish()
    assert (told, Impatient.joined) == (["whole"], 2)
