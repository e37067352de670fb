"""Pools: rows made ready once, for any number of selections."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from . import _classes, _doors, _native, _progress
from ._selection import Selection

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


class Pool:
    """Rows made ready once, for any number of selections.

    Every value is checked when a pool is made. float32 rows in C order in host memory are used where they are; all
    others are converted to float32 once or, where ``memory`` does not hold that, by blocks whenever they are read. An
    array cannot be written to while a pool has it.

    Parameters
    ----------
    X : array, tensor, table, path or paths
        Rows of features, shape (rows, values): a numpy array or memmap, whatever has ``__dlpack__`` in host memory, an
        Arrow or pandas table, or files as the command line takes them.
    device : str
        ``"auto"`` (the best hardware GPU, else the CPU), ``"cpu"``, ``"gpu"``, ``"all"``, the number or name of an
        adapter, or several with commas between. Picks do not depend on it.
    memory, device_memory : int or str, optional
        Bounds on host and on device memory, in bytes or as ``"4GiB"``. Picks do not depend on them.
    n_jobs : int, optional
        Threads that share the work; all cores where it is None or -1. Picks do not depend on it.
    center : bool
        Subtract the mean row first; of rows that are not left out.
    exclude : array of int or bool, optional
        Rows that are left out: no picks, and nothing to the others.
    skip_invalid : bool
        Leave out rows with values that are NaN or infinite.
    skip_zeros : bool
        Leave out rows of zeros, which have no direction.
    raw : str, optional
        What files without a header hold, as in ``"f32,512"``.

    Raises
    ------
    ValueError, TypeError
        For rows that are none, and values that are not finite.
    MemoryError
        Where there is no room for what is kept of each row.
    """

    def __init__(
        self,
        X: Any,
        *,
        device: str = "auto",
        memory: int | str | None = None,
        device_memory: int | str | None = None,
        n_jobs: int | None = None,
        center: bool = False,
        exclude: Any = None,
        skip_invalid: bool = False,
        skip_zeros: bool = False,
        raw: str | None = None,
    ) -> None:
        rows = _doors.rows(X, raw)
        left_out = None if exclude is None else _classes.indices(exclude, "exclude")
        terms = {
            "device": str(device),
            "memory": size(memory, "memory"),
            "device_memory": size(device_memory, "device_memory"),
            "threads": threads(n_jobs),
            "center": bool(center),
            "exclude": left_out,
            "skip_invalid": bool(skip_invalid),
            "skip_zeros": bool(skip_zeros),
        }
        self._asked_device = str(device)
        self._machine = {
            "device": device,
            "memory": memory,
            "device_memory": device_memory,
            "n_jobs": n_jobs,
            "center": center,
            "skip_invalid": skip_invalid,
        }
        self.index = rows.index
        self.feature_names = rows.columns
        _doors.locks.acquire(rows.lent)
        try:
            self._native = self._open(rows.source, terms)
        except BaseException:
            _doors.locks.release(rows.lent)
            raise
        self._release = weakref.finalize(self, _doors.locks.release, rows.lent)

    def _open(self, source: dict[str, Any], terms: dict[str, Any]) -> _native.Pool:
        return _native.Pool(source, terms)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows, those that are left out not among them, and values of each."""
        rows, width = self._native.shape
        return rows, width

    @property
    def rows(self) -> int:
        """Number of all rows, those that are left out among them."""
        return self._native.rows

    @property
    def device(self) -> str:
        """The name of the device."""
        return self._native.device

    def close(self) -> None:
        """Lets go of the rows; their array may be written to again."""
        self._native.close()
        self._release()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        try:
            rows, width = self.shape
        except ValueError:
            return "Pool(closed)"
        return f"Pool({rows} rows x {width}, device={self.device!r})"

    def _select(
        self,
        options: dict[str, Any],
        budget: int,
        *,
        labelled: Any = None,
        classes: Any = None,
        clusters: Any = None,
        sample_weight: Any = None,
        input_norms: Any = None,
        weights: str | None = None,
        progress: bool | Callable[[str, int, int | None], object] = False,
    ) -> Selection:
        rows = self.rows // options.get("views", 1)
        given = {
            "labelled": None if labelled is None else _classes.indices(labelled, "labelled", rows),
            "classes": _classes.said(classes, rows, self.shape[1]),
            "clusters": None if clusters is None else _classes.numbered(clusters, "clusters", rows)[0],
            "sample_weight": reals(sample_weight, "sample_weight", rows),
            "input_norms": reals(input_norms, "input_norms", rows),
        }
        with _progress.of(progress) as told:
            found = self._native.select(options, given, budget, weights, told)
        return Selection(found, self.index)


def of(budget: Any, rows: int) -> int:
    """The budget as a count: a float up to 1 is a share of all rows, rounded down, to at least 1."""
    if isinstance(budget, (float, np.floating)):
        if not 0 < budget <= 1:
            raise ValueError(f"budget: {budget} found, a count or a share above 0.0 and up to 1.0 expected")
        # As it is written: 0.29 of 100 is 28 in binary floating point.
        return max(int(Fraction(repr(float(budget))) * rows), 1)
    return _classes.whole(budget, "budget")


def reals(numbers: Any, argument: str, rows: int) -> np.ndarray | None:
    """A number for each row."""
    if numbers is None:
        return None
    array = np.ascontiguousarray(numbers, dtype=np.float64)
    if array.shape != (rows,):
        raise ValueError(f"{argument}: an array of shape {array.shape} found, ({rows},) expected, one for each row")
    return array


def size(bytes: int | str | None, argument: str) -> int | None:
    """Bytes, of a number or a text such as ``4GiB``."""
    if bytes is None:
        return None
    if isinstance(bytes, str):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?", bytes.strip().lower())
        if not found:
            raise ValueError(f"{argument}: {bytes!r} found, bytes or a size such as '4GiB' expected")
        return int(Fraction(found[1]) * _UNITS[found[2] or ""])
    return _classes.whole(bytes, argument)


def threads(n_jobs: int | None) -> int | None:
    """Threads by scikit-learn's word for them."""
    if n_jobs is None or n_jobs == -1:
        return None
    count = _classes.whole(n_jobs, "n_jobs")
    if count == 0:
        raise ValueError("n_jobs: 0 found, None, -1 or a number from 1 up expected")
    return count
