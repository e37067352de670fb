"""Selections by the ranks of an MPI job: the picks of one process, of files that no process holds whole.

    mpirun -n 8 python -m coresift.mpi select /shared/embeddings/part-*.npy --method norm --budget 10000 --out picks.npy

Every rank reads its own part of the rows; rank 0 drives besides. MPI does not bring back a rank that is lost: a run
that ends so is to be started again.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _native
from ._selection import Selection
from .workers import WorkerPool, apart, chosen

__all__ = ["main", "select"]


def select(
    X: Any, budget: int | float, method: str | None = None, *, comm: Any = None, **options: Any
) -> Selection | None:
    """Chooses rows by all ranks of a communicator, each of which calls this with the same arguments.

    Parameters
    ----------
    X : path or paths
        Files of features, under names by which every rank reads them.
    budget, method, **options
        As of coresift.select; ``device``, ``memory``, ``device_memory`` and ``n_jobs`` are each rank's.
    comm : mpi4py.MPI.Comm, optional
        The ranks; all of the job where it is None.

    Returns
    -------
    Selection, or None
        The picks of ``coresift.select(X, budget, method, ...)`` on rank 0, None on the others.

    Raises
    ------
    ImportError
        Where mpi4py is not installed.
    """
    comm = _mpi().COMM_WORLD if comm is None else comm
    own = _native.Worker(options.get("n_jobs"))
    if comm.rank > 0:
        _serve(own, comm)
        return None
    carrier = _Ranks(own, comm)
    try:
        machine, others = apart(options)
        return chosen(WorkerPool(X, carrier, comm.size, **machine), budget, method, others)
    finally:
        carrier.close()


def _mpi() -> Any:
    try:
        from mpi4py import MPI
    except ImportError:
        raise ImportError("coresift.mpi: mpi4py not found, which it needs (pip install mpi4py)") from None
    return MPI


def _serve(worker: _native.Worker, comm: Any) -> None:
    """Answers what rank 0 asks, until it asks no more."""
    while (message := _received(comm, 0, lambda: False)) is not None:
        comm.send(worker.call(message), dest=0)


def _received(comm: Any, source: int, is_stopped: Callable[[], bool], lock: Any = None) -> bytes | None:
    """The next message of a rank. A wait inside MPI would keep a processor busy."""
    pause = 1e-5
    while True:
        with lock or threading.Lock():
            if comm.iprobe(source=source):
                found: bytes | None = comm.recv(source=source)
                return found
        if is_stopped():
            raise RuntimeError("stopped")
        time.sleep(pause)
        pause = min(2 * pause, 1e-3)


class _Ranks:
    """The ranks, each a worker, the driver's own among them. Threads ask MPI one at a time."""

    def __init__(self, own: _native.Worker, comm: Any) -> None:
        self._own, self._comm, self._lock = own, comm, threading.Lock()
        self._open = True

    def call(self, worker: int, message: bytes, is_stopped: Callable[[], bool]) -> bytes:
        if worker == 0:
            return self._own.call(message)
        with self._lock:
            sent = self._comm.isend(message, dest=worker)
        answer = _received(self._comm, worker, is_stopped, self._lock)
        with self._lock:
            sent.wait()
        if answer is None:
            raise RuntimeError(f"rank {worker} has ended")
        return answer

    def revive(self, worker: int) -> None:
        raise RuntimeError("MPI does not bring back a rank")

    def close(self) -> None:
        if self._open:
            self._open = False
            for rank in range(1, self._comm.size):
                self._comm.send(None, dest=rank)


def main(arguments: list[str] | None = None) -> int:
    """The command: ``python -m coresift.mpi select FILES --method NAME --budget N [--option VALUE ...]``."""
    parser = argparse.ArgumentParser(
        prog="python -m coresift.mpi", description="Selections by the ranks of an MPI job."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    of_select = commands.add_parser("select", help="choose rows of a feature matrix")
    of_select.add_argument("features", nargs="+", help="files of features")
    of_select.add_argument("--budget", required=True, type=ast.literal_eval, help="a count, or a share up to 1.0")
    of_select.add_argument("--method", default=None)
    of_select.add_argument("--out", default=None, help=".npy, .txt or .json [default: indices on stdout]")
    asked, others = parser.parse_known_args(arguments)
    options = _options(others, of_select)
    found = select(asked.features, asked.budget, asked.method, **options)
    if found is not None:
        _write(found, asked.out)
    return 0


def _options(words: list[str], parser: argparse.ArgumentParser) -> dict[str, Any]:
    """Options of methods, by the names that their selectors have: ``--seed 3``, ``--greedy``."""
    options: dict[str, Any] = {}
    at = 0
    while at < len(words):
        name, _, value = words[at].partition("=")
        if not name.startswith("--"):
            parser.error(f"{name!r} found, an option expected")
        at += 1
        if not value and at < len(words) and not words[at].startswith("--"):
            value = words[at]
            at += 1
        try:
            read = ast.literal_eval(value) if value else True
        except (ValueError, SyntaxError):
            read = value
        options[name[2:].replace("-", "_")] = read
    return options


def _write(found: Selection, out: str | None) -> None:
    picks = found.indices
    if out is None:
        sys.stdout.write("".join(f"{row}\n" for row in picks))
    elif out.endswith(".npy"):
        np.save(out, picks)
    elif out.endswith(".json"):
        with open(out, "w") as file:
            json.dump({"picks": picks.tolist(), "scores": np.asarray(found.scores).tolist()}, file)
    else:
        with open(out, "w") as file:
            file.writelines(f"{row}\n" for row in picks)


if __name__ == "__main__":
    sys.exit(main())
