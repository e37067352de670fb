"""What selections are worth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _classes, _native
from ._pool import Pool


def evaluate(
    X: Any,
    picks: Any,
    y: Any = None,
    *,
    X_test: Any = None,
    y_test: Any = None,
    classes: Any = None,
    metric: str = "euclidean",
    delta: float | None = None,
    fid_ridge: float | None = None,
    **terms: Any,
) -> dict[str, Any]:
    """What picks are worth, however they were chosen.

    Parameters
    ----------
    X : array, or whatever else Pool takes, or a Pool
        Rows of features, shape (rows, values).
    picks : array of int or Selection; or a dict of these by name
        The rows that were chosen.
    y : array of shape (rows,), optional
        Labels, numbers or names: for the classes picked, and for accuracies by the nearest pick and by a linear probe.
    X_test, y_test : arrays, optional
        Rows and labels to test on, instead of the rows that are not picked.
    classes : array of shape (rows,), optional
        Latent classes, for alignment and centre errors (arXiv:2302.09195), centre divergence and the value of SAS.
    metric : {"euclidean", "cosine"}
        By what distance the nearest pick is found.
    delta : float, optional
        Within what distance, between rows at length 1, a pick covers others.
    fid_ridge : float, optional
        What is added to the diagonals of covariances for a second Fréchet distance.
    **terms
        As of Pool; not with a Pool, which has its own.

    Returns
    -------
    dict
        What the command line's ``evaluate --json`` has of a selection: ``class_coverage``, ``nearest_accuracy``,
        ``probe_accuracy``, ``fid``, ``energy_kept``, ``latent``, ``sas_value``, ``cover``, ``norms``, and
        ``left_out``, why a measure cannot be had. Of a dict of picks a dict of these.
    """
    if (X_test is None) != (y_test is None):
        found, lacking = ("X_test", "y_test") if y_test is None else ("y_test", "X_test")
        raise ValueError(f"{lacking}: None found beside {found}, both expected")
    if X_test is not None and y is None:
        raise ValueError("y: None found beside X_test and y_test, labels expected")
    if isinstance(X, Pool):
        if terms:
            raise ValueError(f"{next(iter(terms))}: a Pool found, which has its own")
        return _measured(X, picks, y, (X_test, y_test), classes, metric, delta, fid_ridge)
    with Pool(X, **terms) as pool:
        return _measured(pool, picks, y, (X_test, y_test), classes, metric, delta, fid_ridge)


def _measured(
    pool: Pool,
    picks: Any,
    y: Any,
    test: tuple[Any, Any],
    classes: Any,
    metric: str,
    delta: float | None,
    fid_ridge: float | None,
) -> dict[str, Any]:
    named = dict(picks) if isinstance(picks, Mapping) else {"": picks}
    selections = [_classes.indices(np.asarray(rows), "picks", pool.rows) for rows in named.values()]
    X_test, y_test = test
    labels = _labels(y, "y", pool.rows)
    terms: dict[str, Any] = {
        "labels": None,
        "test": None,
        "classes": None,
        "metric": metric,
        "delta": None if delta is None else _within(delta, "delta", 2.0),
        "fid_ridge": None if fid_ridge is None else _within(fid_ridge, "fid_ridge", 1e50),
    }
    if classes is not None:
        numbers, names = _numbered_in_order(_labels(classes, "classes", pool.rows))
        terms["classes"] = (numbers, [str(name) for name in names])
    if X_test is None:
        if labels is not None:
            terms["labels"] = _several(_numbered_in_order(labels)[0])
        found = json.loads(_native.evaluate(pool._native, selections, terms))
    else:
        with Pool(X_test, device=pool._asked_device) as other:
            if other.shape[1] != pool.shape[1]:
                raise ValueError(f"X_test: rows of {other.shape[1]} values found, {pool.shape[1]} expected as in X")
            together = np.concatenate([labels, _labels(y_test, "y_test", other.rows)])
            numbers = _numbered_in_order(together)[0]
            terms["labels"] = _several(numbers[: pool.rows])
            terms["test"] = (other._native, numbers[pool.rows :])
            found = json.loads(_native.evaluate(pool._native, selections, terms))
    measured = dict(zip(named, found["selections"], strict=True))
    return measured if isinstance(picks, Mapping) else measured[""]


def _labels(labels: Any, argument: str, rows: int) -> Any:
    if labels is None:
        return None
    _classes.numbered(labels, argument, rows)  # refuses what are no labels
    return np.asarray(labels)


def _numbered_in_order(labels: Any) -> tuple[np.ndarray, list[Any]]:
    """Numbers without gaps, and what each stands for."""
    names, numbers = np.unique(labels, return_inverse=True)
    return numbers.astype(np.int64).reshape(-1), names.tolist()


def _several(labels: np.ndarray) -> np.ndarray:
    if (labels == labels[0]).all():
        raise ValueError("y: a single label found, at least two expected")
    return labels


def _within(number: float, argument: str, most: float) -> float:
    if not 0 < number <= most:
        raise ValueError(f"{argument}: {number} found, a number above 0 and at most {most:g} expected")
    return float(number)
