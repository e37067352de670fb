"""Near-duplicates: rows that have at least a cosine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from . import _classes, _native, _pool, _progress
from ._pool import Pool

Progress = bool | Callable[[str, int, "int | None"], object]


class Kept(NamedTuple):
    """Rows to keep, of which no two are near."""

    kept: np.ndarray
    """The rows to keep, ascending, without the labelled ones; int64."""
    of: np.ndarray
    """For every row itself, where it is kept, labelled or left out, and else the kept row that it is near to; int64."""

    @property
    def dropped(self) -> np.ndarray:
        """The other rows, ascending; int64."""
        return np.flatnonzero(self.of != np.arange(len(self.of)))


@overload
def duplicates(
    X: Any,
    threshold: float,
    give: Literal["kept"] = "kept",
    *,
    priority: Any = None,
    labelled: Any = None,
    progress: Progress = False,
    **terms: Any,
) -> Kept: ...


@overload
def duplicates(
    X: Any, threshold: float, give: Literal["groups", "pairs"], *, progress: Progress = False, **terms: Any
) -> np.ndarray: ...


def duplicates(
    X: Any,
    threshold: float,
    give: str = "kept",
    *,
    priority: Any = None,
    labelled: Any = None,
    progress: Progress = False,
    **terms: Any,
) -> Kept | np.ndarray:
    """Finds the rows that have a cosine of at least ``threshold``, exactly.

    Parameters
    ----------
    X : array, or whatever else Pool takes, or a Pool
        Rows of features, shape (rows, values).
    threshold : float
        The least cosine of near rows, in (0, 1].
    give : {"kept", "groups", "pairs"}
        Which rows to keep, so that no two are near and every other is near to one that is kept; for each row the
        lowest that a chain of near rows connects it to; or all pairs of near rows, of shape (pairs, 2).
    priority : array of shape (rows,), optional
        Which rows are rather kept: the larger first, then the lower row.
    labelled : array of int or bool, optional
        Rows that are kept whatever is near to them, before all others.
    progress
        As of the selectors.
    **terms
        As of Pool; not with a Pool, which has its own.

    Returns
    -------
    Kept, or ndarray of int64
    """
    if give != "kept" and (priority is not None or labelled is not None):
        found = "priority" if priority is not None else "labelled"
        raise ValueError(f"{found}: give={give!r} found, 'kept' expected")
    if isinstance(X, Pool):
        if terms:
            raise ValueError(f"{next(iter(terms))}: a Pool found, which has its own")
        return _found(X, float(threshold), give, priority, labelled, progress)
    with Pool(X, **terms) as pool:
        return _found(pool, float(threshold), give, priority, labelled, progress)


def _found(
    pool: Pool, threshold: float, give: str, priority: Any, labelled: Any, progress: Progress
) -> Kept | np.ndarray:
    ranks = _pool.reals(priority, "priority", pool.rows)
    kept = None if labelled is None else _classes.indices(labelled, "labelled", pool.rows)
    with _progress.of(progress) as told:
        found = _native.duplicates(pool._native, threshold, give, ranks, kept, told)
    arrays = [np.frombuffer(array, dtype=np.int64) for array in found]
    if give == "kept":
        return Kept(*arrays)
    return arrays[0].reshape(-1, 2) if give == "pairs" else arrays[0]
