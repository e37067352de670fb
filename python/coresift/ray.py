"""Selections by the workers of a Ray cluster: the picks of one process, of files that no process holds whole.

Each worker is an actor that reads its own part of the rows, from storage that all nodes share. An actor that is lost,
with its node perhaps, is replaced and told what its predecessor was; the selection goes on where it was.

    import coresift.ray

    picks = coresift.ray.select("/shared/embeddings/part-*.npy", budget=10_000, method="norm", num_shards=8)
"""

from __future__ import annotations

import contextlib
import glob
import os
import tempfile
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np

from . import _native
from ._selection import Selection
from .workers import WorkerPool, apart, chosen

__all__ = ["pool", "select"]


def pool(
    X: Any,
    *,
    column: str | None = None,
    num_shards: int | None = None,
    ray_options: dict[str, Any] | None = None,
    **machine: Any,
) -> WorkerPool:
    """Rows that actors have, each its part: for any number of selections.

    Parameters
    ----------
    X : path, paths or ray.data.Dataset
        Files of features, under names by which every node reads them; or a dataset whose rows are in order. Of that
        each actor lays its rows into a file of the node's temporary folder, which takes as much room as they do and is
        gone once the pool is closed.
    column : str, optional
        The column of a dataset that has the features, a vector a row; its only one where it is None.
    num_shards : int, optional
        How many actors; one for each node of the cluster where it is None.
    ray_options : dict, optional
        Options of each actor, as ``Actor.options`` takes them: ``{"num_gpus": 1}``, ``{"num_cpus": 8}``.
    **machine
        ``device``, ``memory``, ``device_memory``, ``n_jobs`` of each actor; ``exclude``, ``skip_invalid``,
        ``skip_zeros``, ``raw``, as of Pool.

    Returns
    -------
    WorkerPool
        To be closed, or left as a context, for the actors to end.

    Raises
    ------
    ImportError
        Where ray is not installed.
    RuntimeError
        Where an actor cannot read its rows: which, and why.
    """
    ray = _ray()
    if not ray.is_initialized():
        ray.init()
    count = num_shards if num_shards is not None else sum(node["Alive"] for node in ray.nodes())
    laid = _Laid(X, column, int(count)) if _is_dataset(X) else None
    carrier = _Actors(ray, int(count), machine.get("n_jobs"), ray_options or {}, laid)
    try:
        return WorkerPool(X if laid is None else laid.paths, carrier, count, **machine)
    except BaseException:
        carrier.close()
        raise


def select(
    X: Any,
    budget: int | float,
    method: str | None = None,
    *,
    column: str | None = None,
    num_shards: int | None = None,
    ray_options: dict[str, Any] | None = None,
    **options: Any,
) -> Selection:
    """Chooses rows by actors, which end with it: the picks of ``coresift.select(X, budget, method, ...)``.

    Parameters
    ----------
    X, column, num_shards, ray_options
        As of pool.
    budget, method, **options
        As of coresift.select.
    """
    machine, others = apart(options)
    workers = pool(X, column=column, num_shards=num_shards, ray_options=ray_options, **machine)
    return chosen(workers, budget, method, others)


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise ImportError("coresift.ray: ray not found, which it needs (pip install ray)") from None
    return ray


def _is_dataset(X: Any) -> bool:
    """Whether it is a Dataset of Ray's, without an import of what may not be installed."""
    return type(X).__module__.startswith("ray.data") and hasattr(X, "split_at_indices")


class _Laid:
    """Rows of a dataset in a file for each worker, laid by the worker on its node, where those of others are holes.

    A file appears whole in place of its hole: nobody has it open while it is written.
    """

    def __init__(self, dataset: Any, column: str | None, workers: int) -> None:
        first = dataset.take(1)
        if not first:
            raise ValueError("X: a dataset without rows found, at least one row expected")
        names = list(first[0])
        if column is None and len(names) != 1:
            raise ValueError(f"column: none named of {', '.join(names)}, one expected")
        self.column = names[0] if column is None else column
        if self.column not in names:
            raise ValueError(f"column: {self.column} found, one of {', '.join(names)} expected")
        row = np.asarray(first[0][self.column])
        if row.ndim != 1 or row.dtype.kind not in "fiu":
            raise ValueError(
                f"column {self.column}: {row.dtype} of shape {row.shape} a row found, a vector of numbers expected"
            )
        rows = dataset.count()
        count = min(workers, rows)
        # As the workers are told to cut them.
        self.starts = [rows * at // count for at in range(count + 1)]
        self.parts = dataset.split_at_indices(self.starts[1:-1]) if count > 1 else [dataset]
        self.dim, self.dtype = len(row), row.dtype
        self.base = os.path.join(tempfile.gettempdir(), f"coresift-{uuid.uuid4().hex}")
        self.paths = [f"{self.base}-{at}.npy" for at in range(count)]
        for at in range(count):
            self._hole(at)

    def lay(self, worker: int) -> None:
        """Writes a worker's rows, and makes the holes of others."""
        for at in range(len(self.paths)):
            if at != worker:
                self._hole(at)
        if worker >= len(self.paths):
            return  # more workers than rows
        own, rows = self._new(worker)
        at = 0
        for batch in self.parts[worker].iter_batches(batch_format="numpy"):
            values = np.stack(list(batch[self.column])).astype(self.dtype, copy=False)
            rows[at : at + len(values)] = values
            at += len(values)
        rows.flush()
        os.replace(own, self.paths[worker])

    def _new(self, at: int) -> tuple[str, np.memmap]:
        """A file of a worker's rows by a name that this process has alone, without values."""
        own = f"{self.paths[at]}.{os.getpid()}"
        shape = (self.starts[at + 1] - self.starts[at], self.dim)
        return own, np.lib.format.open_memmap(own, mode="w+", dtype=self.dtype, shape=shape)

    def _hole(self, at: int) -> None:
        """Makes a worker's file on this node, without values, unless another process has."""
        if os.path.exists(self.paths[at]):
            return
        own, _ = self._new(at)
        try:
            os.link(own, self.paths[at])  # fails where it is there
        except FileExistsError:
            pass
        finally:
            os.unlink(own)

    def remove(self) -> None:
        """Takes the files off this node, and what an actor that was lost has begun to write."""
        for path in glob.glob(f"{glob.escape(self.base)}-*"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


class _Actors:
    """Actors, each a worker. One that is lost is made anew: what it has to load is the first message."""

    def __init__(self, ray: Any, count: int, n_jobs: int | None, options: dict[str, Any], laid: _Laid | None) -> None:
        class Worker:
            def __init__(self, worker: int, laid: _Laid | None) -> None:
                if laid is not None:
                    laid.lay(worker)
                self.laid = laid
                self.native = _native.Worker(n_jobs)

            def call(self, message: bytes) -> bytes:
                return self.native.call(message)

            def remove(self) -> None:
                if self.laid is not None:
                    self.laid.remove()

        self._ray, self._laid = ray, laid
        # A replacement that comes by itself would not know what it has to have loaded.
        make = ray.remote(Worker).options(max_restarts=0, **options)
        self._make: Callable[[int], Any] = lambda worker: make.remote(worker, laid)
        self._actors = [self._make(worker) for worker in range(count)]

    def call(self, worker: int, message: bytes, is_stopped: Callable[[], bool]) -> bytes:
        answer = self._actors[worker].call.remote(message)
        while not self._ray.wait([answer], timeout=0.05)[0]:
            if is_stopped():
                self._ray.kill(self._actors[worker])
                raise RuntimeError("stopped")
        found: bytes = self._ray.get(answer)
        return found

    def revive(self, worker: int) -> None:
        self._ray.kill(self._actors[worker])
        self._actors[worker] = self._make(worker)

    def close(self) -> None:
        if self._laid is not None:
            # An actor that is gone, or at work for long, leaves its file to the node.
            self._ray.wait([actor.remove.remote() for actor in self._actors], num_returns=len(self._actors), timeout=5)
            self._laid.remove()
        # None is there to be replaced by whoever still waits for its answer.
        actors, self._actors = self._actors, []
        for actor in actors:
            self._ray.kill(actor)
