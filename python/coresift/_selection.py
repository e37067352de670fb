"""What is given back: the picks, and all that is known of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np


class SelectionWarning(UserWarning):
    """What is doubtful about a selection, though it was carried out as asked."""


class Shortfall(NamedTuple):
    """Why there are fewer picks than the budget."""

    missing: int
    """Picks that are missing."""
    reason: str
    """What ran out."""


class Selection:
    """Rows chosen from a pool, in pick order. Where an array of int64 is expected it is one.

    Attributes
    ----------
    indices : ndarray of int64, shape (picks,)
        The rows, in the order in which they were picked.
    scores : ndarray of float64, shape (picks,)
        The score that won each pick; each method says what it is.
    restarts : list of int
        Number of picks made before the start, 0, and before each restart.
    shortfall : Shortfall or None
        Why there are fewer picks than the budget, where that is so.
    weights : ndarray, shape (picks,), or None
        What each pick stands for: rows, or the sum of their ``sample_weight``. None unless asked for.
    labelled_weights : ndarray or None
        The same of the labelled rows, in their order.
    passes : int
        Times that every row was read.
    settled : int
        Multiply-adds made in float64 for what kernels left open.
    classes : list of dict
        For each latent class its number, rows, budget and picks.
    details : dict
        What the method tells besides.
    warnings : list of str
        What is doubtful about the selection.
    index : pandas.Index or None
        The names of the picks, where the rows have names.
    """

    def __init__(self, found: dict[str, Any], index: Any = None) -> None:
        self.indices: np.ndarray = np.frombuffer(found["indices"], dtype=np.int64)
        self.scores: np.ndarray = np.frombuffer(found["scores"], dtype=np.float64)
        self.restarts: list[int] = found["restarts"]
        short = found["shortfall"]
        self.shortfall: Shortfall | None = None if short is None else Shortfall(*short)
        self.passes: int = found["passes"]
        self.settled: int = found["settled"]
        self.classes: list[dict[str, int]] = json.loads(found["classes"])
        self.details: dict[str, Any] = json.loads(found["details"])
        self.warnings: list[str] = found["warnings"]
        self.weights: np.ndarray | None = None
        self.labelled_weights: np.ndarray | None = None
        if found["weights"] is not None:
            dtype, weights = found["weights"]
            weights = np.frombuffer(weights, dtype=dtype)
            labelled = len(weights) - len(self.indices)
            self.labelled_weights, self.weights = weights[:labelled], weights[labelled:]
        self.index = None if index is None else index[self.indices]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.indices if dtype is None else self.indices.astype(dtype, copy=False)
        if copy is False and array is not self.indices:
            raise ValueError(f"copy: False found for {dtype}, True or None expected (the picks are int64)")
        return array.copy() if copy else array

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, at: Any) -> Any:
        return self.indices[at]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.indices)

    def __repr__(self) -> str:
        picks = np.array2string(self.indices, threshold=12, separator=", ")
        short = "" if self.shortfall is None else f", {self.shortfall.missing} short: {self.shortfall.reason}"
        return f"Selection({picks}{short})"
