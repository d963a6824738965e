"""Is a worker named that does not see what it would work on?"""

import re

import pytest

from srkit_core.errors import DataError

distributed = pytest.importorskip("distributed")


def _double(number):
    return number * 2


@pytest.fixture(scope="module")
def address():
    """A scheduler with a worker in this process."""
    quiet = {"processes": False, "dashboard_address": None, "worker_dashboard_address": None}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **quiet) as local:
        yield local.scheduler_address


@pytest.fixture
def executor(address, tmp_path):
    from srkit_core.data.preparation.dask_executor import DaskExecutor

    (tmp_path / "out").mkdir()
    with DaskExecutor(address, tmp_path / "out", tmp_path / "out" / ".prepare") as executor:
        yield executor


def test_work_is_done_where_everything_is_seen(executor, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"a")
    executor.needs({tmp_path / "in": tmp_path / "in" / "a.png"})
    assert dict(executor.run(_double, range(5))) == {number: 2 * number for number in range(5)}
    assert list((tmp_path / "out" / ".prepare").iterdir()) == []


def test_a_worker_that_does_not_see_a_source_is_named(executor, tmp_path):
    executor.needs({tmp_path / "in": tmp_path / "in" / "elsewhere.png"})
    with pytest.raises(
        DataError, match=rf"the worker inproc://\S+ does not see {re.escape(str(tmp_path / 'in'))}$"
    ) as caught:
        list(executor.run(_double, [1]))
    assert caught.value.hint == "let all machines share that folder under the same path"
    assert caught.value.path == tmp_path / "in"
    assert list((tmp_path / "out" / ".prepare").iterdir()) == []
