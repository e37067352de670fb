"""Selectors as query strategies of scikit-activeml (``pip install scikit-activeml``)."""

from __future__ import annotations

from typing import Any

import numpy as np
from skactiveml.base import SingleAnnotatorPoolQueryStrategy
from skactiveml.utils import MISSING_LABEL, labeled_indices

from ._estimators import Selector


class SelectorQuery(SingleAnnotatorPoolQueryStrategy):
    """A selector as a pool-based query strategy: rows with a label are what it takes for labelled.

    Parameters
    ----------
    selector : Selector
        What chooses; its budget is the batch size.
    missing_label : scalar
        What stands for a label in ``y`` where there is none.
    random_state : int, optional
        Seed of the selector, where it is given.

    Examples
    --------
    >>> import coresift, numpy as np
    >>> from coresift.skactiveml import SelectorQuery
    >>> X = np.array([[9, 0, 0], [8, 0, 0], [0, 1, 0]], dtype=np.float32)
    >>> query = SelectorQuery(coresift.GramSchmidt(greedy=True, device="cpu"))
    >>> query.query(X, np.array([0.0, np.nan, np.nan])).tolist()
    [2]
    """

    def __init__(
        self, selector: Selector | None = None, missing_label: Any = MISSING_LABEL, random_state: int | None = None
    ) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.selector = selector

    def query(self, X: Any, y: Any, candidates: Any = None, batch_size: int = 1, return_utilities: bool = False) -> Any:
        """Chooses rows to be labelled.

        Parameters
        ----------
        X : array of shape (rows, values)
        y : array of shape (rows,)
            Labels, ``missing_label`` where there is none.
        candidates : array of int, or of shape (candidates, values), optional
            Rows that may be chosen, by their numbers or by themselves; all without a label by default. Other rows
            without a label are left out.
        batch_size : int
            How many.
        return_utilities : bool
            Whether to return utilities too: of each pick in turn 1, and 0 of all that might have been, since a selector
            gives no number to rows that it does not pick.

        Returns
        -------
        ndarray of int64, shape (batch_size,); and ndarray of float64, shape (batch_size, rows or candidates)
        """
        if not isinstance(self.selector, Selector):
            raise TypeError(f"selector: {self.selector!r} found, a selector such as coresift.Coverage() expected")
        X, y, candidates, batch_size, return_utilities = self._validate_data(
            X, y, candidates, batch_size, return_utilities, reset=True
        )
        chosen_from, mapping = self._transform_candidates(candidates, X, y)
        labelled = labeled_indices(y=y, missing_label=self.missing_label_)
        if mapping is None:
            rows, able = np.concatenate([chosen_from, X[labelled]]), np.arange(len(chosen_from))
            labelled = np.arange(len(chosen_from), len(rows))
            count = len(chosen_from)
        else:
            rows, able, count = X, np.asarray(mapping), len(X)
        others = np.ones(len(rows), dtype=bool)
        others[able] = others[labelled] = False
        labelled = np.setdiff1d(labelled, able)
        selector = type(self.selector)(**self.selector.get_params(deep=False))
        selector.set_params(budget=int(batch_size))
        if self.random_state is not None and "seed" in selector.get_params(deep=False):
            selector.set_params(random_state=self.random_state)
        picks = selector.fit(rows, labelled=labelled, exclude=others if others.any() else None).ranking_
        if not return_utilities:
            return picks
        utilities = np.full((len(picks), count), np.nan)
        utilities[:, able] = 0.0
        for at, pick in enumerate(picks):
            utilities[at, picks[:at]] = np.nan
            utilities[at, pick] = 1.0
        return picks, utilities
