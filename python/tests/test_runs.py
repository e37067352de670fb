"""Runs beside Python: signals, other threads, progress, processes, memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import coresift

# Takes some seconds on any machine.
LONG = """
import coresift, numpy as np, os, signal, sys, threading, time
X = np.random.default_rng(0).normal(size=(40_000, 256)).astype(np.float32)
def interrupt():
    time.sleep(float(sys.argv[2]))
    interrupt.at = time.perf_counter()
    os.kill(os.getpid(), signal.SIGINT)
with coresift.Pool(X, device="cpu") as pool:
    threading.Thread(target=interrupt).start()
    try:
        coresift.select(pool, 2000, sys.argv[1])
    except KeyboardInterrupt as error:
        print(time.perf_counter() - interrupt.at, len(error.partial))
    print(len(coresift.select(pool, 5, "norm")))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise")
@pytest.mark.parametrize("method", ["coverage", "facility-location", "sas", "probcover", "typiclust", "herding"])
@pytest.mark.parametrize("after", ["0.3", "1.0"])
def test_ctrl_c_ends_a_run_at_once_and_the_pool_goes_on(method, after):
    done = subprocess.run([sys.executable, "-c", LONG, method, after], capture_output=True, text=True, check=True)
    ended, again = done.stdout.splitlines()
    seconds, picks = ended.split()
    assert float(seconds) < 0.2
    assert 0 <= int(picks) < 2000
    assert again == "5"


READING = """
import coresift, numpy as np, os, signal, sys, threading, time
with open(sys.argv[1], "wb") as file:
    file.truncate(4 << 30)
X = np.memmap(sys.argv[1], dtype=sys.argv[2], mode="r").reshape(-1, 256)
def interrupt():
    time.sleep(0.2)
    interrupt.at = time.perf_counter()
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt).start()
try:
    coresift.Pool(X, device="cpu", memory="64MiB")
except KeyboardInterrupt:
    print(time.perf_counter() - interrupt.at)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="files with gaps, and signals, are made otherwise")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ctrl_c_ends_reading_at_once(dtype, tmp_path):
    line = [sys.executable, "-c", READING, str(tmp_path / "large"), dtype]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.2


def test_other_threads_run_meanwhile(X):
    rows = np.repeat(X, 20, axis=0) + np.arange(12_000, dtype=np.float32)[:, None] * 1e-6
    counted = [0]
    done = threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    began = time.perf_counter()
    coresift.select(rows, 500, "facility-location", device="cpu")
    seconds = time.perf_counter() - began
    done.set()
    thread.join()
    assert counted[0] > 100 * seconds


def test_two_runs_in_two_threads(X):
    methods = ["coverage", "gram-schmidt", "typiclust", "sas"]
    alone = {method: coresift.select(X, 50, method, device="cpu").indices.tolist() for method in methods}
    with coresift.Pool(X, device="cpu") as pool:
        found = {}

        def choose(method):
            found[method] = [coresift.select(rows, 50, method).indices.tolist() for rows in (pool, pool)]

        threads = [threading.Thread(target=choose, args=(method,)) for method in methods]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {method: [picks, picks] for method, picks in alone.items()}


def test_progress_is_told_and_can_end_a_run(X):
    rows = np.repeat(X, 30, axis=0) + np.random.default_rng(0).normal(size=(18_000, 24)).astype(np.float32)
    told = []
    coresift.select(rows, 1500, "facility-location", device="cpu", progress=lambda *step: told.append(step))
    assert told
    assert all(isinstance(what, str) and done >= 0 and (total is None or done <= total) for what, done, total in told)

    def enough(what, done, total):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        coresift.select(rows, 1500, "facility-location", device="cpu", progress=enough)
    assert len(coresift.select(rows, 3, "norm", device="cpu", progress=True)) == 3


def chosen(to, X):
    to.put(coresift.select(X, 20, "coverage", device="cpu").indices.tolist())


def refused(to, pool):
    try:
        coresift.select(pool, 20, "coverage")
    except RuntimeError as error:
        to.put(str(error))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process is forked here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_processes_select_but_not_from_their_parents_pools(X):
    fork = multiprocessing.get_context("fork")
    expected = coresift.select(X, 20, "coverage", device="cpu").indices.tolist()
    with coresift.Pool(X, device="cpu") as pool:
        for work, value in ((chosen, X), (refused, pool)):
            told = fork.Queue()
            process = fork.Process(target=work, args=(told, value))
            process.start()
            found = told.get(timeout=60)
            process.join()
            if work is chosen:
                assert found == expected
            else:
                assert "made before this process was forked" in found


MEMORY = """
import coresift, numpy as np
X = np.random.default_rng(0).normal(size=(4000, 64)).astype(np.float32)
def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def many():
    for seed in range(100):
        coresift.select(X, 50, "gram-schmidt", device="cpu", seed=seed)
        coresift.select(X.astype(np.float64), 50, "typiclust", device="cpu", seed=seed)
many()
before = held()
many()
print(held() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the process's memory is read from /proc")
def test_many_runs_hold_no_more_memory():
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 4 << 20


def test_signals_reach_their_handlers_and_the_run_goes_on(X):
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        pytest.skip("signals are sent otherwise")
    heard = []
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(time.perf_counter()))
    try:
        rows = np.repeat(X, 30, axis=0) + np.random.default_rng(0).normal(size=(18_000, 24)).astype(np.float32)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        selection = coresift.select(rows, 800, "facility-location", device="cpu")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert len(selection) == 800
    assert len(heard) == 1
