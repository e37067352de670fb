"""Selectors as query strategies of scikit-activeml."""

from __future__ import annotations

import numpy as np
import pytest

import coresift

pytest.importorskip("skactiveml")
from coresift.skactiveml import SelectorQuery


def test_rows_with_labels_are_labelled(X):
    y = np.full(600, np.nan)
    y[[3, 40, 77]] = [0, 1, 0]
    query = SelectorQuery(coresift.Coverage(device="cpu"))
    picks, utilities = query.query(X, y, batch_size=10, return_utilities=True)
    assert picks.tolist() == coresift.select(X, 10, labelled=[3, 40, 77], device="cpu").indices.tolist()
    assert utilities.shape == (10, 600)
    assert np.array_equal(np.nanargmax(utilities, axis=1), picks)
    assert np.isnan(utilities[:, [3, 40, 77]]).all()


def test_candidates(X):
    y = np.full(600, np.nan)
    y[[3, 40]] = [0, 1]
    query = SelectorQuery(coresift.KCenter(device="cpu"))
    able = np.arange(100, 200)
    picks = query.query(X, y, candidates=able, batch_size=5)
    by_themselves, utilities = query.query(X, y, candidates=X[able], batch_size=5, return_utilities=True)
    assert set(picks) <= set(able)
    assert picks.tolist() == (by_themselves + 100).tolist()
    assert utilities.shape == (5, 100)


def test_in_a_loop_of_active_learning(X):
    y = np.full(600, np.nan)
    query = SelectorQuery(coresift.Norm(device="cpu"), random_state=4)
    for _ in range(3):
        picks = query.query(X, y, batch_size=7)
        assert np.isnan(y[picks]).all()
        y[picks] = 1
    assert (~np.isnan(y)).sum() == 21
    with pytest.raises(TypeError, match="selector: None found"):
        SelectorQuery().query(X, y)
