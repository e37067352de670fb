"""Pools whose rows several workers have, each of which reads its own part of the files."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

from . import _native
from ._classes import whole
from ._native import Worker
from ._pool import Pool
from ._select import select
from ._selection import Selection

__all__ = ["Carrier", "Worker", "WorkerPool"]


# What belongs to a pool and its workers, and not to a method.
_MACHINE = ("device", "memory", "device_memory", "n_jobs", "exclude", "skip_invalid", "skip_zeros", "center", "raw")


class Carrier(Protocol):
    """What carries messages to workers, by their numbers from 0."""

    def call(self, worker: int, message: bytes, is_stopped: Callable[[], bool]) -> bytes:
        """The answer of a worker; raises where there will be none, and soon once ``is_stopped()``."""
        ...

    def revive(self, worker: int) -> None:
        """Puts another in the place of a worker that was lost; raises where there can be none."""

    def close(self) -> None:
        """Lets go of all workers."""


class WorkerPool(Pool):
    """Rows that several workers have: any selector picks from them as from a pool of one process.

    Parameters
    ----------
    X : path or paths
        Files of features, which every worker reads under the same names.
    carrier : Carrier
        What carries messages to the workers.
    workers : int
        How many there are; each has a part of the rows.
    device, memory, device_memory, n_jobs
        As of Pool, for each worker.
    exclude, skip_invalid, skip_zeros, center, raw
        As of Pool.

    Raises
    ------
    ValueError
        For an array, which other processes do not have.
    RuntimeError
        Where a worker cannot load its rows: which, and why.
    Interrupted
        Where a worker is lost and none can be put in its place: ``missing`` is the range of its rows, ``partial`` a
        Selection of the picks made before.
    """

    def __init__(self, X: Any, carrier: Carrier, workers: int, **machine: Any) -> None:
        count = whole(workers, "workers")
        if count < 1:
            raise ValueError(f"workers: {workers} found, a number from 1 up expected")
        self._carrier, self._count = carrier, count
        super().__init__(X, **machine)

    def _open(self, source: dict[str, Any], terms: dict[str, Any]) -> _native.Pool:
        if "files" in source:
            source = {**source, "files": [os.path.abspath(path) for path in source["files"]]}
        return _native.Pool.of_workers(source, terms, self._carrier, self._count)

    @property
    def traffic(self) -> dict[str, int]:
        """What crossed in the last selection: ``rounds``, the messages to whichever worker had most, and the bytes of
        messages out and of answers back."""
        rounds, out, back = self._native.traffic or (0, 0, 0)
        return {"rounds": rounds, "bytes_out": out, "bytes_back": back}

    def close(self) -> None:
        """Lets go of the rows, and of the workers."""
        super().close()
        self._carrier.close()


def apart(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What options say of the pool, and what of the selection."""
    machine = {name: value for name, value in options.items() if name in _MACHINE}
    return machine, {name: value for name, value in options.items() if name not in _MACHINE}


def chosen(pool: WorkerPool, budget: int | float, method: str | None, options: dict[str, Any]) -> Selection:
    """A selection, after which the workers are let go of."""
    with pool:
        return select(pool, budget, method, **options)
