"""``select``: one call, one selection."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from . import _estimators, _pool
from ._estimators import Selector
from ._pool import Pool
from ._selection import Selection

_METHODS: dict[str, tuple[type[Selector], dict[str, Any]]] = {
    "random": (_estimators.Uniform, {}),
    "uniform": (_estimators.Uniform, {}),
    "norm": (_estimators.Norm, {}),
    "max-norm": (_estimators.Norm, {"greedy": True}),
    "gram-schmidt": (_estimators.GramSchmidt, {}),
    "sas": (_estimators.Sas, {}),
    "typiclust": (_estimators.TypiClust, {}),
    "probcover": (_estimators.ProbCover, {}),
    "coverage": (_estimators.Coverage, {}),
    "facility-location": (_estimators.FacilityLocation, {}),
    "herding": (_estimators.Herding, {}),
    "k-center": (_estimators.KCenter, {}),
    "log-det": (_estimators.LogDet, {}),
}

# Up to this share of the rows no method need be named, as on the command line.
_MOST_OF_DEFAULT = 5


def select(
    X: Any,
    budget: int | float,
    method: str | None = None,
    *,
    then: str | None = None,
    sample_weight: Any = None,
    labelled: Any = None,
    exclude: Any = None,
    classes: Any = None,
    weights: str | None = None,
    progress: bool | Callable[[str, int, int | None], object] = False,
    raw: str | None = None,
    device: str = "auto",
    memory: int | str | None = None,
    device_memory: int | str | None = None,
    n_jobs: int | None = None,
    center: bool = False,
    skip_invalid: bool = False,
    **options: Any,
) -> Selection:
    """Chooses rows: the same for the same features, options and seed, on every device, with any number of threads
    and any bound on memory.

    Parameters
    ----------
    X : array, tensor, table, path, paths or Pool
        Rows of features, shape (rows, values).
    budget : int or float
        How many rows to pick: a count, or a share of all rows above 0.0 and up to 1.0.
    method : str, optional
        ``"coverage"`` (the default up to 20 % of the rows), ``"random"`` or ``"uniform"``, ``"norm"``, ``"max-norm"``,
        ``"gram-schmidt"``, ``"sas"``, ``"typiclust"``, ``"probcover"``, ``"facility-location"``, ``"herding"``,
        ``"k-center"`` or ``"log-det"``.
    then : str, optional
        A second method, which picks from what the first has chosen: ``oversample`` rows for each pick.
    sample_weight, labelled, exclude, classes
        What is said of rows, as of ``fit`` of the selectors.
    weights, progress
        As of the selectors.
    device, memory, device_memory, n_jobs, center, skip_invalid, raw
        As of Pool; not with a Pool, which has its own.
    **options
        Those of the method, by the names that its selector has for them.

    Returns
    -------
    Selection
        The picks in order, and all that is known of them. Where an array of int64 is expected it is one.

    Raises
    ------
    ValueError, TypeError
        For what is wrong with an argument, by its name.
    MemoryError, OSError, RuntimeError, DeviceLost
        Where there is no room, a file cannot be read, a GPU is not there, or is lost in the middle of a run.
    Interrupted
        Where a worker is lost for good; its ``missing`` is the range of the rows that it had.
    KeyboardInterrupt
        Upon Ctrl-C; its ``partial`` is a Selection of the picks made before.

    Examples
    --------
    >>> import coresift, numpy as np
    >>> X = np.array([[9, 0, 0], [8, 0, 0], [0, 1, 0]], dtype=np.float32)
    >>> coresift.select(X, budget=2, method="gram-schmidt", greedy=True)
    Selection([0, 2])
    """
    machine: dict[str, Any] = {
        "device": device,
        "memory": memory,
        "device_memory": device_memory,
        "n_jobs": n_jobs,
        "center": center,
        "skip_invalid": skip_invalid,
    }
    name = "coverage" if method is None else method
    selector = selector_of(name, then, options)
    selector.set_params(budget=budget, weights=weights, progress=progress)
    selector._check(classes, sample_weight, exclude)
    if isinstance(X, Pool):
        selector.set_params(**machine)
        selector._refuse_terms(X, exclude)
        if raw is not None:
            raise ValueError("raw: a Pool found, which has its own; raw= of the Pool expected")
        return _selected(selector, X, method, sample_weight, labelled, classes)
    zeros = skip_invalid and selector._by_direction()
    with Pool(X, exclude=exclude, skip_zeros=zeros, raw=raw, **machine) as pool:
        return _selected(selector, pool, method, sample_weight, labelled, classes)


def _selected(
    selector: Selector, pool: Pool, method: str | None, sample_weight: Any, labelled: Any, classes: Any
) -> Selection:
    rows = pool.shape[0]
    count = _pool.of(selector.budget, rows // getattr(selector, "views", 1))
    if method is None and _MOST_OF_DEFAULT * count > rows:
        raise ValueError(
            f"method: None found for a budget of {count} of {rows} rows, one expected (coverage is the default up to "
            "20 % of the rows)"
        )
    selection: Selection = selector._fitted(pool, None, sample_weight, labelled, classes).selection_
    return selection


def selector_of(method: str, then: str | None, options: dict[str, Any]) -> Selector:
    """The selector of a method by name, or of two, with such options."""
    if then is None:
        return _stage(method, options)
    own = dict(options)
    oversample = {"oversample": own.pop("oversample")} if "oversample" in own else {}
    named = [_method(method), _method(then)]
    known = [set(selector._names()) for selector, _ in named]
    for option in own:
        if not any(option in names for names in known):
            raise _unknown(option, f"{method} then {then}", set.union(*known))
    first, second = (
        selector(**fixed, **{name: value for name, value in own.items() if name in names})
        for (selector, fixed), names in zip(named, known, strict=True)
    )
    return _estimators.Then(first=first, second=second, **oversample)


def _stage(method: str, options: dict[str, Any]) -> Selector:
    selector, fixed = _method(method)
    known = set(selector._names()) - set(fixed)
    for option in options:
        if option not in known:
            raise _unknown(option, method, known)
    return selector(**fixed, **options)


def _method(name: Any) -> tuple[type[Selector], dict[str, Any]]:
    if not isinstance(name, str):
        raise TypeError(f"method: {name!r} found, the name of one expected")
    found = _METHODS.get(name.lower().replace("_", "-"))
    if found is None:
        raise ValueError(f"method: {name!r} found, one of {', '.join(_METHODS)} expected{_nearest(name, _METHODS)}")
    return found


def _unknown(option: str, method: str, known: set[str]) -> TypeError:
    own = sorted(known - {"budget", "weights", "progress", "random_state", *_estimators._MACHINE})
    listed = ", ".join(own) if own else "none"
    return TypeError(f"{option}: no option of {method}, which has {listed}{_nearest(option, own)}")


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name.lower().replace("_", "-"), list(known), n=1) or difflib.get_close_matches(
        name, list(known), n=1
    )
    return f" (did you mean {near[0]!r}?)" if near else ""
