"""Which method on my data: selectors compared on splits of labelled rows."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import _classes, _evaluate, _native, _pool, _progress, _select
from ._estimators import Selector
from ._pool import Pool
from ._selection import SelectionWarning

_SCORES = {
    "linear-probe": "linear probe",
    "nearest-pick": "nearest pick",
    "class-coverage": "classes picked",
}


class Comparison:
    """Selectors, and what they score on splits of labelled rows.

    Attributes
    ----------
    methods : list of str
        What is compared, in order; differences are from the first.
    budgets : list of int
        Picks.
    summary : dict
        By score (``"linear-probe"``, ``"nearest-pick"``, ``"class-coverage"``) a list for each method, of a dict for
        each budget and one over all: ``mean``, ``error`` (its standard error) and ``difference`` from the first
        method, split by split.
    splits : list of dict
        For each seed the rows held out, and for each method and budget the picks and their scores.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        compared = found["compared"]
        self.methods: list[str] = compared["contenders"]
        self.budgets: list[int] = compared["budgets"]
        self.splits: list[dict[str, Any]] = compared["splits"]
        self.summary: dict[str, list[list[dict[str, Any]]]] = found["summary"]

    def rows(self) -> list[dict[str, Any]]:
        """A row for each score, method and budget (None over all): what a data frame is made of."""
        return [
            {
                "score": score,
                "method": method,
                "budget": budget,
                "mean": cell["mean"],
                "error": cell["error"],
                "difference": None if at == 0 else cell["difference"]["mean"],
                "difference_error": None if at == 0 else cell["difference"]["error"],
            }
            for score, methods in self.summary.items()
            for at, (method, cells) in enumerate(zip(self.methods, methods, strict=True))
            for budget, cell in zip([*self.budgets, None], cells, strict=True)
        ]

    def __repr__(self) -> str:
        width = max(map(len, [*self.methods, *_SCORES.values()]))
        lines = []
        for score, title in _SCORES.items():
            heads = "".join(f"{budget:>14}" for budget in [*self.budgets, "all"])
            lines.append(f"{title:<{width}}{heads}")
            for method, cells in zip(self.methods, self.summary[score], strict=True):
                shown = "".join(f"{100 * cell['mean']:>8.1f} ±{100 * cell['error']:4.1f}" for cell in cells)
                lines.append(f"{method:<{width}}{shown}")
            lines.append("")
        return "\n".join(lines[:-1])


def compare(
    X: Any,
    y: Any,
    methods: Sequence[str | Selector] | Mapping[str, Selector],
    budgets: Sequence[int | float],
    *,
    seeds: int = 20,
    train: int | float = 2 / 3,
    progress: bool | Callable[[str, int, int | None], object] = False,
    **terms: Any,
) -> Comparison:
    """Compares methods: for each seed some rows are held out, each method picks from the others without labels, and
    two classifiers that see nothing but the picks and their labels are tested on the rows held out.

    Parameters
    ----------
    X : array, or whatever else Pool takes, or a Pool
        Rows of features, shape (rows, values).
    y : array of shape (rows,)
        Labels, numbers or names.
    methods : list of str or Selector; or a dict of selectors by name
        Names as ``select`` has them, ``"typiclust then norm"`` for two stages, or selectors with options.
    budgets : list of int or float
        Picks: counts, or shares of the rows to select from.
    seeds : int
        Splits, at least 2.
    train : int or float
        Rows to select from: a count or a share.
    progress
        As of the selectors.
    **terms
        As of Pool; not with a Pool, which has its own.

    Returns
    -------
    Comparison
    """
    contenders = _contenders(methods)
    if isinstance(X, Pool):
        if terms:
            raise ValueError(f"{next(iter(terms))}: a Pool found, which has its own")
        return _compared(X, y, contenders, budgets, seeds, train, progress)
    zeros = bool(terms.get("skip_invalid")) and any(selector._by_direction() for _, selector in contenders)
    with Pool(X, **{"skip_zeros": zeros, **terms}) as pool:
        return _compared(pool, y, contenders, budgets, seeds, train, progress)


def _compared(
    pool: Pool,
    y: Any,
    contenders: list[tuple[str, Selector]],
    budgets: Sequence[int | float],
    seeds: int,
    train: int | float,
    progress: bool | Callable[[str, int, int | None], object],
) -> Comparison:
    labels = _evaluate._several(_evaluate._numbered_in_order(_evaluate._labels(y, "y", pool.rows))[0])
    rows = pool.shape[0]
    # Two thirds in whole numbers, as the command line has it.
    select_from = 2 * rows // 3 if train == 2 / 3 else _pool.of(train, rows)
    if not 0 < select_from < rows:
        raise ValueError(f"train: {select_from} of {rows} rows found, at least 1 expected, and 1 left to test on")
    counts = [_pool.of(budget, select_from) for budget in budgets]
    options = [(name, selector._options()) for name, selector in contenders]
    with _progress.of(progress) as told:
        splits = (counts, _classes.whole(seeds, "seeds"), select_from)
        found = json.loads(_native.compare(pool._native, options, labels, splits, told))
    for place, warning in found["compared"]["warnings"]:
        text = f"{contenders[place][0]}: {warning}"
        warnings.warn(text, SelectionWarning, stacklevel=4)
    return Comparison(found)


def _contenders(methods: Any) -> list[tuple[str, Selector]]:
    if isinstance(methods, Mapping):
        return list(methods.items())
    contenders = []
    for method in methods:
        if isinstance(method, Selector):
            contenders.append((repr(method), method))
        else:
            # As the command line has it, or in words.
            first, _, then = str(method).replace(":then-", " then ").partition(" then ")
            contenders.append((str(method), _select.selector_of(first, then or None, {})))
    return contenders
