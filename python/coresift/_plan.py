"""What a selection will take, told before any row is read."""

from __future__ import annotations

import json
from typing import Any

from . import _classes, _doors, _native, _pool, _select


def plan(
    X: Any,
    budget: int | float,
    method: str = "coverage",
    *,
    then: str | None = None,
    sample_weight: Any = None,
    labelled: Any = None,
    exclude: Any = None,
    classes: Any = None,
    measure: bool = False,
    raw: str | None = None,
    device: str = "auto",
    memory: int | str | None = None,
    device_memory: int | str | None = None,
    n_jobs: int | None = None,
    **options: Any,
) -> dict[str, Any]:
    """What ``select`` would take, told before any row is read.

    Parameters
    ----------
    X, budget, method, then, sample_weight, labelled, exclude, classes, raw, device, memory, device_memory, n_jobs
        As of ``select``; ``X`` may be larger than memory, and is not looked at.
    measure : bool
        Measure the device first, for a second or two: then there are seconds, of this and of later plans.
    **options
        Those of the method.

    Returns
    -------
    dict
        ``rows``, ``dim``, ``budget``, ``device``; ``held``, whether the rows are held in ``memory`` bytes or read
        anew by every pass, and ``bytes``, what they take beside what is
        lent; ``multiply_adds``; ``seconds``, once the device has been
        measured; ``depends_on_values``; and ``cost`` with the work by its kind, passes and bytes besides. Numbers that
        depend on the values are ``least``, ``likely`` and ``most``.
    """
    selector = _select.selector_of(method, then, options)
    selector._check(classes, sample_weight, exclude)
    source = _doors.rows(X, raw).source
    left_out = None if exclude is None else _classes.indices(exclude, "exclude")
    terms = {
        "device": str(device),
        "memory": _pool.size(memory, "memory"),
        "device_memory": _pool.size(device_memory, "device_memory"),
        "threads": _pool.threads(n_jobs),
        "center": False,
        "exclude": left_out,
        "skip_invalid": False,
        "skip_zeros": False,
    }
    rows, width = _native.shape(source)
    given = {
        "labelled": None if labelled is None else _classes.indices(labelled, "labelled", rows),
        "classes": _classes.said(classes, rows, width),
        "clusters": None,
        "sample_weight": _pool.reals(sample_weight, "sample_weight", rows),
        "input_norms": None,
    }
    left = rows - (0 if left_out is None else len(set(left_out.tolist())))
    count = _pool.of(budget, left // getattr(selector, "views", 1))
    told: dict[str, Any] = json.loads(_native.plan(source, terms, selector._options(), given, count, measure))
    return told
