"""Selections by the workers of a Ray cluster: the picks of one process, of files that no process holds whole.

Each worker is an actor that reads its own part of the rows, from storage that all nodes share. An actor that is lost,
with its node perhaps, is replaced and told what its predecessor was; the selection goes on where it was.

    import coresift.ray

    picks = coresift.ray.select("/shared/embeddings/part-*.npy", budget=10_000, method="norm", num_shards=8)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import _native
from ._selection import Selection
from .workers import WorkerPool, apart, chosen

__all__ = ["pool", "select"]


def pool(
    X: Any, *, num_shards: int | None = None, ray_options: dict[str, Any] | None = None, **machine: Any
) -> WorkerPool:
    """Rows that actors have, each its part: for any number of selections.

    Parameters
    ----------
    X : path or paths
        Files of features, under names by which every node reads them.
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
    carrier = _Actors(ray, int(count), machine.get("n_jobs"), ray_options or {})
    try:
        return WorkerPool(X, carrier, count, **machine)
    except BaseException:
        carrier.close()
        raise


def select(
    X: Any,
    budget: int | float,
    method: str | None = None,
    *,
    num_shards: int | None = None,
    ray_options: dict[str, Any] | None = None,
    **options: Any,
) -> Selection:
    """Chooses rows by actors, which end with it: the picks of ``coresift.select(X, budget, method, ...)``.

    Parameters
    ----------
    X, num_shards, ray_options
        As of pool.
    budget, method, **options
        As of coresift.select.
    """
    machine, others = apart(options)
    return chosen(pool(X, num_shards=num_shards, ray_options=ray_options, **machine), budget, method, others)


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise ImportError("coresift.ray: ray not found, which it needs (pip install ray)") from None
    return ray


class _Actors:
    """Actors, each a worker. One that is lost is made anew: what it has to load is the first message."""

    def __init__(self, ray: Any, count: int, n_jobs: int | None, options: dict[str, Any]) -> None:
        class Worker:
            def __init__(self) -> None:
                self.native = _native.Worker(n_jobs)

            def call(self, message: bytes) -> bytes:
                return self.native.call(message)

        self._ray = ray
        # A replacement that comes by itself would not know what it has to have loaded.
        self._make = ray.remote(Worker).options(max_restarts=0, **options)
        self._actors = [self._make.remote() for _ in range(count)]

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
        self._actors[worker] = self._make.remote()

    def close(self) -> None:
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors = []
