"""Rows that several workers have: the picks of one process, by every way that messages go."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import coresift
from coresift import _native
from coresift.workers import WorkerPool


class Local:
    """Workers of this process, in threads of their own."""

    def __init__(self, count, lives=None, comes_back=True):
        self.workers = [_native.Worker(1) for _ in range(count)]
        self.lives = dict(lives or {})
        self.comes_back = comes_back
        self.calls = 0
        self.revived = []

    def call(self, worker, message, is_stopped):
        assert not is_stopped()
        self.calls += 1
        if self.lives.get(worker) == 0:
            del self.lives[worker]
            self.workers[worker].close()
            self.workers[worker] = None
        if self.workers[worker] is None:
            raise RuntimeError("gone")
        if worker in self.lives:
            self.lives[worker] -= 1
        return self.workers[worker].call(message)

    def revive(self, worker):
        if not self.comes_back:
            raise RuntimeError("none is left")
        self.revived.append(worker)
        self.workers[worker] = _native.Worker(1)

    def close(self):
        self.workers = []


@pytest.fixture(scope="module")
def path(X, tmp_path_factory):
    path = tmp_path_factory.mktemp("workers") / "x.npy"
    np.save(path, X)
    return path


METHODS = {
    "norm": {},
    "gram-schmidt": {"seed": 3},
    "k-center": {},
    "typiclust": {},
    "coverage": {},
    "sas": {"classes": [row % 5 for row in range(600)]},
    "facility-location": {"labelled": [3, 4]},
}


@pytest.mark.parametrize("method", METHODS)
def test_picks_are_those_of_one_process(X, path, method):
    expected = coresift.select(X, 25, method, device="cpu", **METHODS[method])
    for count in (1, 2, 4):
        with WorkerPool(path, Local(count), count, device="cpu") as pool:
            found = coresift.select(pool, 25, method, **METHODS[method])
            assert found.indices.tolist() == expected.indices.tolist()
            assert np.array_equal(found.scores, expected.scores)
            assert pool.traffic["rounds"] > 0 and pool.traffic["bytes_back"] > 0
            assert pool.shape == (600, 24) and pool.device == "cpu"


def test_rows_are_left_out_and_estimators_fit(X, path):
    out = [0, 5, 299, 300, 599]
    expected = coresift.Coverage(budget=9, device="cpu").fit(X, exclude=out)
    with WorkerPool(path, Local(3), 3, device="cpu", exclude=out) as pool:
        assert coresift.Coverage(budget=9).fit(pool).ranking_.tolist() == expected.ranking_.tolist()
        assert len(pool) == 595 and pool.rows == 600
        near = coresift.duplicates(pool, 0.9)
    with coresift.Pool(X, device="cpu", exclude=out) as here:
        assert near.kept.tolist() == coresift.duplicates(here, 0.9).kept.tolist()


def test_a_worker_that_is_lost_is_replaced(X, path):
    expected = coresift.select(X, 40, "gram-schmidt", device="cpu").indices.tolist()
    for lives in ({1: 0}, {1: 1}, {1: 3}, {0: 4, 1: 6}):  # the first loads, the next begins
        carrier = Local(2, lives)
        with WorkerPool(path, carrier, 2, device="cpu") as pool:
            assert coresift.select(pool, 40, "gram-schmidt").indices.tolist() == expected
        assert sorted(carrier.revived) == sorted(lives)


def test_rows_are_centered_as_in_one_process(X, path):
    with coresift.Pool(X, device="cpu", center=True, exclude=[4, 5]) as whole:
        expected = coresift.select(whole, 25, "gram-schmidt")
    with WorkerPool(path, Local(3), 3, device="cpu", center=True, exclude=[4, 5]) as pool:
        picks = coresift.select(pool, 25, "gram-schmidt")
    assert picks.indices.tolist() == expected.indices.tolist()
    assert picks.scores.tolist() == expected.scores.tolist()


def test_one_that_does_not_come_back_is_named(X, path):
    expected = coresift.select(X, 40, "coverage", device="cpu").indices.tolist()
    with (
        WorkerPool(path, Local(2, {1: 9}, comes_back=False), 2, device="cpu") as pool,
        pytest.raises(
            coresift.Interrupted, match=r"rows 300 to 599 are missing: worker 1 is lost for good: .*none is left"
        ) as lost,
    ):
        coresift.select(pool, 40, "coverage")
    assert lost.value.missing == range(300, 600)
    assert lost.value.partial.indices.tolist() == expected[: len(lost.value.partial)]


def test_one_that_is_lost_over_its_rows_for_good_is_named(path):
    with pytest.raises(RuntimeError, match=r"worker 1 \(rows 300 to 599\): .*none is left"):
        WorkerPool(path, Local(2, {1: 0}, comes_back=False), 2, device="cpu")


def test_rows_missing_are_numbered_as_all_are(path):
    for calls in (2, 9):  # with the first message after the work begins, and later
        with (
            WorkerPool(path, Local(2, {1: calls}, comes_back=False), 2, device="cpu", exclude=[4, 300, 450]) as pool,
            pytest.raises(coresift.Interrupted, match="rows 301 to 599 are missing") as lost,
        ):
            coresift.select(pool, 40, "coverage")
        assert lost.value.missing == range(301, 600)


def test_what_cannot_be_shared_is_refused(X, path, tmp_path):
    with pytest.raises(ValueError, match="X: an array found, files expected, which workers read themselves"):
        WorkerPool(X, Local(2), 2)
    with pytest.raises(ValueError, match="workers: 0 found"):
        WorkerPool(path, Local(0), 0)
    spoilt = X.copy()
    spoilt[451, 2] = np.nan
    np.save(tmp_path / "spoilt.npy", spoilt)
    with pytest.raises(RuntimeError, match=r"worker 1 \(rows 300 to 599\): .*NaN found at row 451, column 2"):
        WorkerPool(tmp_path / "spoilt.npy", Local(2), 2, device="cpu")
    with WorkerPool(path, Local(2), 2, device="cpu") as pool, pytest.raises(ValueError, match="rows of workers found"):
        coresift.compare(pool, [row % 3 for row in range(600)], ["norm"], budgets=[6], seeds=2)


def test_a_worker_answers_no_other_messages():
    worker = _native.Worker(1)
    for message in (b"", b"hello", b"\xff" * 100, bytes(1000)):
        assert b"expected" in worker.call(message)


def test_interrupts_reach_workers(tmp_path):
    """A run that waits for workers ends at Ctrl-C, with the picks made."""
    script = f"""
import numpy as np, signal, threading, time, os, sys
sys.path.insert(0, {str(__file__.rsplit("/", 1)[0])!r})
import coresift
from coresift.workers import WorkerPool
from test_workers import Local
X = np.random.default_rng(0).normal(size=(60_000, 32)).astype("f4")
np.save({str(tmp_path / "big.npy")!r}, X)

class Polled(Local):
    def call(self, worker, message, is_stopped):
        answer = []
        thread = threading.Thread(target=lambda: answer.append(self.workers[worker].call(message)), daemon=True)
        thread.start()
        while thread.is_alive():
            if is_stopped():
                raise RuntimeError("stopped")
            time.sleep(0.005)
        return answer[0]

with WorkerPool({str(tmp_path / "big.npy")!r}, Polled(2), 2, device="cpu") as pool:
    threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    try:
        coresift.select(pool, 500, "facility-location", storage="on-the-fly")
    except KeyboardInterrupt:
        print("ended after", round(time.monotonic() - began, 2))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("ended after "), done.stdout + done.stderr
    # A second after it has begun, and little more.
    assert 1.0 <= float(done.stdout.split()[-1]) < 2.5


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray")
    # Nothing is to be reached from elsewhere.
    ray.init(num_cpus=4, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.mark.parametrize("method", METHODS)
def test_ray_picks_alike(ray, X, path, method):
    import coresift.ray

    expected = coresift.select(X, 25, method, device="cpu", **METHODS[method]).indices.tolist()
    for shards in (1, 2, 4):
        found = coresift.ray.select(path, 25, method, num_shards=shards, n_jobs=1, device="cpu", **METHODS[method])
        assert found.indices.tolist() == expected


def test_ray_replaces_an_actor_that_is_killed(ray, X, tmp_path):
    import coresift.ray

    X = np.random.default_rng(0).normal(size=(20_000, 24)).astype(np.float32)
    np.save(tmp_path / "x.npy", X)
    expected = coresift.select(X, 60, "coverage", device="cpu").indices.tolist()
    with coresift.ray.pool(tmp_path / "x.npy", num_shards=2, n_jobs=1, device="cpu") as pool:
        killed = []

        def kill():
            for worker in (0, 1, 0, 1, 0):
                time.sleep(0.5)
                killed.append(worker)
                ray.kill(pool._carrier._actors[worker])

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        assert coresift.select(pool, 60, "coverage").indices.tolist() == expected
        assert killed


def test_ray_takes_a_dataset(ray, X, tmp_path):
    """Rows in order, of more than one block; an actor that is killed has its rows again; nothing is left behind."""
    import ray.data

    import coresift.ray

    rows = ray.data.from_items([{"id": at, "x": row} for at, row in enumerate(X)], override_num_blocks=5)
    expected = coresift.select(X, 20, "typiclust", device="cpu")
    with coresift.ray.pool(rows, column="x", num_shards=3, n_jobs=1, device="cpu") as pool:
        laid = pool._carrier._laid.paths
        assert coresift.select(pool, 20, "typiclust").indices.tolist() == expected.indices.tolist()
        ray.kill(pool._carrier._actors[1])
        assert coresift.select(pool, 20, "typiclust").indices.tolist() == expected.indices.tolist()
        assert all(map(os.path.exists, laid))
    assert not any(map(os.path.exists, laid))
    only = ray.data.from_numpy(X)
    found = coresift.ray.select(only, 7, "norm", num_shards=2, n_jobs=1, device="cpu")
    assert found.indices.tolist() == coresift.select(X, 7, "norm", device="cpu").indices.tolist()


def test_ray_refuses_a_dataset_without_features(ray, X):
    import ray.data

    import coresift.ray

    rows = ray.data.from_items([{"id": at, "x": row} for at, row in enumerate(X[:5])])
    for column, found in [
        (None, "none named of id, x"),
        ("y", "y found, one of id, x expected"),
        ("id", "a vector of"),
    ]:
        with pytest.raises(ValueError, match=found):
            coresift.ray.pool(rows, column=column, num_shards=1)
    with pytest.raises(ValueError, match="without rows"):
        coresift.ray.pool(rows.limit(0), num_shards=1)


def test_ray_says_what_is_missing(monkeypatch):
    import coresift.ray

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"ray not found, which it needs \(pip install ray\)"):
        coresift.ray.select("x.npy", 5)


def test_mpi_says_what_is_missing(monkeypatch):
    import coresift.mpi

    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"mpi4py not found, which it needs \(pip install mpi4py\)"):
        coresift.mpi.select("x.npy", 5)


def mpirun(ranks, *words):
    pytest.importorskip("mpi4py")
    mpirun = shutil.which("mpirun")
    if mpirun is None:
        pytest.skip("no mpirun")
    local = ["--mca", "btl", "self,vader", "--mca", "oob_tcp_if_include", "lo"]
    command = [mpirun, "--allow-run-as-root", "--oversubscribe", *local, "-n", str(ranks), sys.executable, "-m"]
    return subprocess.run([*command, "coresift.mpi", *map(str, words)], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_mpi_picks_alike(X, path, tmp_path, ranks):
    for method in ("gram-schmidt", "coverage", "typiclust"):
        expected = coresift.select(X, 25, method, device="cpu").indices.tolist()
        out = tmp_path / "picks.txt"
        done = mpirun(
            ranks, "select", path, "--method", method, "--budget", 25, "--device", "cpu", "--n-jobs", 1, "--out", out
        )
        assert done.returncode == 0, done.stderr
        assert [int(row) for row in out.read_text().split()] == expected


def test_mpi_ends_where_rows_cannot_be_read(tmp_path):
    done = mpirun(2, "select", tmp_path / "missing.npy", "--method", "norm", "--budget", 5)
    assert done.returncode != 0
    assert "missing.npy" in done.stderr
