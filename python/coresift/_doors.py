"""What rows may be: arrays of any library, tables, tensors, files. All of it becomes bytes of an array, without a
copy where they are as the native part reads them, or names of files."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

# As the native part reads them; the others are converted to float64, which holds them.
_READ = {"int8", "uint8", "float16", "bfloat16", "float32", "float64"}
_CONVERTED = "biu"


class Rows:
    """Rows, wherever they are.

    ``source`` is what the native part opens, ``index`` and ``columns`` the names that rows and columns have (those of
    a pandas table), ``lent`` the array whose memory is lent, if any.
    """

    def __init__(self, source: dict[str, Any], lent: np.ndarray | None = None) -> None:
        self.source = source
        self.lent = lent
        self.index: Any = None
        self.columns: list[str] | None = None


def rows(X: Any, raw: str | None = None, argument: str = "X") -> Rows:
    """Finds out what ``X`` is. ``raw`` says what files without a header hold, as in ``"f32,512"``."""
    files = _files(X)
    if files is not None:
        return Rows({"files": files, "raw": raw})
    if raw is not None:
        raise ValueError(f"raw: {raw!r} found, None expected where {argument} names no files")
    return _from_array(X, argument)


def _files(X: Any) -> list[str] | None:
    if isinstance(X, (str, os.PathLike)):
        return [os.fspath(X)]
    if isinstance(X, (list, tuple)) and X and all(isinstance(name, (str, os.PathLike)) for name in X):
        return [os.fspath(name) for name in X]
    return None


def _from_array(X: Any, argument: str) -> Rows:
    index = getattr(X, "index", None) if _is_pandas(X) else None
    columns = [str(name) for name in X.columns] if index is not None and hasattr(X, "columns") else None
    array = matrix(X, argument)
    rows = Rows(_lend(array), array)
    rows.index, rows.columns = index, columns
    return rows


def _is_pandas(X: Any) -> bool:
    return type(X).__module__.split(".")[0] == "pandas"


def matrix(X: Any, argument: str) -> np.ndarray:
    """``X`` as an array of two axes and a type that is read, without a copy where there is a way."""
    array = _as_array(X, argument)
    if array.ndim != 2:
        raise ValueError(
            f"{argument}: an array of shape {array.shape} found, two axes expected (rows, and values of each)"
        )
    if array.dtype.name in _READ:
        return array
    if array.dtype.kind in _CONVERTED or array.dtype.name == "longdouble" or array.dtype.kind == "f":
        return array.astype(np.float64)
    if array.dtype.kind == "c":
        raise ValueError(
            f"{argument}: values of type {array.dtype} found, real ones expected. Complex data not supported"
        )
    raise TypeError(
        f"{argument}: values of type {array.dtype} found, float16, bfloat16, float32, float64 or integers expected"
    )


def _as_array(X: Any, argument: str) -> np.ndarray:
    if isinstance(X, np.ndarray):
        return X
    if type(X).__module__.startswith("scipy.sparse"):
        raise TypeError(
            f"{argument}: a sparse matrix found, a dense one expected (X.toarray() makes one; a projection to fewer "
            "values, such as scikit-learn's TruncatedSVD, keeps it small)"
        )
    if _is_pandas(X):
        return np.asarray(X.to_numpy())
    if hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__"):
        return _from_arrow(X, argument)
    if hasattr(X, "__dlpack__"):
        return _from_dlpack(X, argument)
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(f"{argument}: rows of different lengths found, of one length expected ({error})") from None


def _from_dlpack(X: Any, argument: str) -> np.ndarray:
    """A tensor of torch, jax or others, in host memory."""
    kind = int(X.__dlpack_device__()[0])
    if kind not in (1, 3, 11):  # host memory, that of it which CUDA or ROCm has pinned
        raise TypeError(
            f"{argument}: a tensor on a device ({getattr(X, 'device', kind)}) found, one in host memory expected "
            "(X.cpu(), or numpy.asarray of a jax array, copies it)"
        )
    if getattr(X, "requires_grad", False):
        X = X.detach()
    if str(getattr(X, "dtype", "")) == "torch.bfloat16":
        return _bfloat16(X, argument)
    try:
        return np.from_dlpack(X)
    except (BufferError, RuntimeError):
        return np.asarray(X)


def _bfloat16(X: Any, argument: str) -> np.ndarray:
    """torch's bfloat16, for which numpy has no name of its own."""
    import torch

    bits = np.from_dlpack(X.view(torch.int16))
    try:
        import ml_dtypes
    except ImportError:
        raise TypeError(f"{argument}: torch.bfloat16 found, which needs ml_dtypes (pip install ml_dtypes)") from None
    return bits.view(ml_dtypes.bfloat16)


def _from_arrow(X: Any, argument: str) -> np.ndarray:
    """A table, or a column of lists, of pyarrow, polars, datasets and others."""
    try:
        import pyarrow as pa
    except ImportError:
        if hasattr(X, "to_numpy"):
            return np.asarray(X.to_numpy())
        raise TypeError(f"{argument}: Arrow data found, which needs pyarrow (pip install pyarrow)") from None
    if hasattr(X, "__arrow_c_stream__") and not isinstance(X, (pa.Table, pa.ChunkedArray)):
        X = pa.chunked_array(X) if _is_column(X) else pa.table(X)
    elif not isinstance(X, (pa.Table, pa.ChunkedArray, pa.RecordBatch, pa.Array)):
        X = pa.array(X)
    if isinstance(X, pa.RecordBatch):
        X = pa.Table.from_batches([X])
    if isinstance(X, pa.Table):
        lists = [name for name, kind in zip(X.column_names, X.schema.types, strict=True) if _is_list(kind)]
        if len(lists) != 1:
            return _from_columns(X, lists, argument)
        X = X.column(lists[0])
    return _from_lists(X, argument)


def _is_column(X: Any) -> bool:
    """Whether this is one column, as a polars Series, rather than a table."""
    return not hasattr(X, "columns") and not hasattr(X, "column_names")


def _is_list(kind: Any) -> bool:
    import pyarrow.types as types

    return bool(types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind))


def _from_columns(table: Any, lists: list[str], argument: str) -> np.ndarray:
    if lists:
        raise ValueError(f"{argument}: columns of lists {lists} found, one of them expected (X[name])")
    for column, name in zip(table.columns, table.column_names, strict=True):
        if column.null_count:
            raise ValueError(f"{argument}: nulls found in column {name!r}, none expected")
    columns = [column.to_numpy() for column in table.columns]
    return np.stack(columns, axis=1) if columns else np.empty((table.num_rows, 0))


def _from_lists(column: Any, argument: str) -> np.ndarray:
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # of no chunks, in some versions
            column = pa.concat_arrays(column.chunks)
    if not _is_list(column.type):
        raise TypeError(f"{argument}: a column of {column.type} found, one of lists expected")
    if column.null_count:
        raise ValueError(f"{argument}: {column.null_count} rows that are null found, none expected")
    values = column.flatten()
    if values.null_count:
        raise ValueError(f"{argument}: nulls found among the values, none expected")
    if not len(column) or len(values) % len(column):
        raise ValueError(f"{argument}: {len(values)} values in {len(column)} rows found, rows of one length expected")
    width = len(values) // len(column)
    if not pa.types.is_fixed_size_list(column.type):
        lengths = np.diff(column.offsets.to_numpy())
        if np.any(lengths != width):
            row = int(np.argmax(lengths != lengths[0]))
            raise ValueError(
                f"{argument}: row {row} of {lengths[row]} values found, {lengths[0]} expected as in the first"
            )
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(len(column), width)


def _lend(array: np.ndarray) -> dict[str, Any]:
    """The bytes of an array, as the native part takes them."""
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        array = np.ascontiguousarray(array)
    fortran = not array.flags.c_contiguous
    flat = (array.T if fortran else array).reshape(-1)
    return {
        "bytes": np.asarray(flat).view(np.uint8),
        "dtype": array.dtype.name,
        "swapped": not array.dtype.isnative,
        "fortran": fortran,
        "shape": array.shape,
    }


class Locks:
    """Arrays that may not be written to for as long as their memory is lent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[int, tuple[np.ndarray, int]] = {}

    def acquire(self, array: np.ndarray | None) -> None:
        """Makes an array, and those that it is a view of, read-only."""
        with self._lock:
            for part in _chain(array):
                held = self._held.get(id(part))
                if held is not None:
                    self._held[id(part)] = (part, held[1] + 1)
                elif part.flags.writeable and _can_be_unlocked(part):
                    part.flags.writeable = False
                    self._held[id(part)] = (part, 1)

    def release(self, array: np.ndarray | None) -> None:
        """Lets it be written to again, once nobody else has it, or what it is a view of, either."""
        with self._lock:
            for part in _chain(array):
                held = self._held.get(id(part))
                if held is not None:
                    self._held[id(part)] = (part, held[1] - 1)
            # A view can be unlocked only after what it is a view of.
            due = [part for part, count in self._held.values() if count == 0]
            for part in sorted(due, key=lambda part: len(_chain(part))):
                if not any(base.flags.writeable is False for base in _chain(part.base)):
                    part.flags.writeable = True
                    del self._held[id(part)]


def _chain(array: np.ndarray | None) -> Sequence[np.ndarray]:
    chain = []
    while isinstance(array, np.ndarray):
        chain.append(array)
        array = array.base
    return chain


def _can_be_unlocked(array: np.ndarray) -> bool:
    """Whether numpy lets an array be written to again. Of memory that others own (a capsule of DLPack's) it does not:
    such an array is left as it is."""
    if array.base is None or isinstance(array.base, np.ndarray):
        return True
    try:
        return not memoryview(array.base).readonly
    except TypeError:
        return False


locks = Locks()
