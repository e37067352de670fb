"""Where latent classes come from: given ones, clusters, a few labels, prompts."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _doors


@dataclass(frozen=True)
class KMeans:
    """The clusters of k-means among the rows at length 1.

    Parameters
    ----------
    clusters : int
        How many.
    seed : int
        Seed of the start.
    max_sweeps, tolerance : int, float, optional
        When the sweeps end: after so many, or once they lower the inertia by less than such a share of it.
    """

    clusters: int
    seed: int = 0
    max_sweeps: int | None = None
    tolerance: float | None = None


@dataclass(frozen=True)
class FewLabels:
    """What a linear classifier makes of the rows, having been shown a few: multinomial logistic regression with
    C = 100.

    Parameters
    ----------
    rows : array of int
        The rows shown.
    labels : array
        The label of each, two different ones at least.
    """

    rows: Any
    labels: Any


@dataclass(frozen=True)
class Prompts:
    """Each row is of the class of the prompt nearest to it by cosine.

    Parameters
    ----------
    embeddings : array of shape (prompts, values)
        The prompts' embeddings, as wide as the rows.
    """

    embeddings: Any


def said(classes: Any, rows: int, width: int) -> dict[str, Any] | None:
    """Classes as the native part takes them."""
    if classes is None:
        return None
    if isinstance(classes, KMeans):
        return {
            "clusters": whole(classes.clusters, "clusters"),
            "seed": whole(classes.seed, "seed"),
            "max_sweeps": classes.max_sweeps,
            "tolerance": classes.tolerance,
        }
    if isinstance(classes, FewLabels):
        labels, _ = numbered(classes.labels, "labels")
        shown = indices(classes.rows, "rows")
        if len(labels) != len(shown):
            raise ValueError(f"labels: {len(labels)} found, one for each of {len(shown)} rows shown expected")
        return {"rows": shown, "labels": labels}
    if isinstance(classes, Prompts):
        prompts = _doors.matrix(classes.embeddings, "prompts")
        if prompts.shape[1] != width:
            raise ValueError(f"prompts: rows of {prompts.shape[1]} values found, {width} expected as in X")
        return {"prompts": np.ascontiguousarray(prompts, dtype=np.float32).reshape(-1)}
    return {"given": numbered(classes, "classes", rows)[0]}


def numbered(labels: Any, argument: str, rows: int | None = None) -> tuple[np.ndarray, list[Any]]:
    """The class of each row by number, and what each number stands for: numbers from 0 up stay as they are, all else
    is numbered in order."""
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(f"{argument}: an array of shape {array.shape} found, one axis expected")
    if rows is not None and len(array) != rows:
        raise ValueError(f"{argument}: {len(array)} entries found, one for each of {rows} rows expected")
    if array.dtype.kind in "iu" and (not len(array) or array.min() >= 0):
        return array.astype(np.int64), []
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{argument}: {array[~np.isfinite(array)][0]} found, a label for each row expected")
    if array.dtype.kind == "O" and any(label is None or label != label for label in array):
        raise ValueError(f"{argument}: a missing label found, a label for each row expected")
    try:
        names, numbers = np.unique(array, return_inverse=True)
    except TypeError:
        raise TypeError(f"{argument}: labels of several types found, numbers or names expected") from None
    return numbers.astype(np.int64).reshape(-1), names.tolist()


def indices(rows: Any, argument: str, of: int | None = None) -> np.ndarray:
    """Numbers of rows; a mask tells them too."""
    array = np.asarray(rows)
    if array.ndim != 1:
        raise ValueError(f"{argument}: an array of shape {array.shape} found, one axis expected")
    if not len(array):
        return np.empty(0, dtype=np.int64)
    if array.dtype == bool:
        if of is not None and len(array) != of:
            raise ValueError(f"{argument}: a mask of {len(array)} rows found, {of} expected")
        return np.flatnonzero(array).astype(np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{argument}: values of type {array.dtype} found, numbers of rows expected")
    if array.min() < 0:
        raise ValueError(f"{argument}: {array.min()} found, numbers of rows from 0 up expected")
    return np.ascontiguousarray(array, dtype=np.int64)


def whole(number: Any, argument: str) -> int:
    """A whole number from 0 up, of Python's or numpy's."""
    try:
        value = operator.index(number)
    except TypeError:
        raise TypeError(f"{argument}: {number!r} found, a whole number from 0 up expected") from None
    if value < 0 or isinstance(number, (bool, np.bool_)):
        raise ValueError(f"{argument}: {number!r} found, a whole number from 0 up expected")
    return value
