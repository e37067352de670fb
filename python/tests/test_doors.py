"""Every way in gives the same picks, and what is promised not to be copied is not."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

import coresift
from coresift import _doors


def picks(X, **options):
    return coresift.select(X, 30, "coverage", device="cpu", **options).indices.tolist()


@pytest.fixture(scope="module")
def expected(X):
    return picks(X)


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numpy_of_any_order_and_width(X, expected, dtype, order):
    assert picks(np.asarray(X, dtype=dtype, order=order)) == expected


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "uint8", "int16", "int64", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numpy_of_other_types(X, dtype, order):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    dtype = ml_dtypes.bfloat16 if dtype == "bfloat16" else np.dtype(dtype)
    rows = np.abs(20 * X).astype(dtype)
    rows[:, 0] = 1  # no row of zeros
    assert picks(np.asarray(rows, order=order)) == picks(rows.astype(np.float32))


def test_views_with_gaps_and_read_only_arrays(X, expected):
    wide = np.zeros((1200, 48), dtype=np.float32)
    wide[::2, ::2] = X
    assert picks(wide[::2, ::2]) == expected
    closed = X.copy()
    closed.flags.writeable = False
    assert picks(closed) == expected
    assert not closed.flags.writeable


def test_lists_and_whatever_has_array(X, expected):
    class Wrapped:
        def __array__(self, dtype=None, copy=None):
            return X

    assert picks(X.tolist()) == expected
    assert picks(Wrapped()) == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_memmaps(X, expected, tmp_path, dtype):
    path = tmp_path / "x.bin"
    X.astype(dtype).tofile(path)
    mapped = np.memmap(path, dtype=dtype, mode="r", shape=X.shape)
    assert picks(mapped) == expected
    assert picks(mapped, memory="10kB") == expected
    assert picks(path, raw={"float32": "f32", "float64": "f64"}[dtype] + ",24") == expected


def test_whatever_has_dlpack(X, expected):
    class Tensor:
        def __init__(self, device):
            self.device = device

        def __dlpack_device__(self):
            return (self.device, 0)

        def __dlpack__(self, **options):
            return X.__dlpack__(**options)

    assert picks(Tensor(1)) == expected
    with pytest.raises(TypeError, match="X: a tensor on a device .* found, one in host memory expected"):
        picks(Tensor(2))


def test_torch(X, expected):
    torch = pytest.importorskip("torch")
    tensor = torch.from_dlpack(X.copy())  # not by numpy: torch may be built for another version of it
    assert picks(tensor) == expected
    assert picks(tensor.requires_grad_()) == expected
    assert picks(tensor.detach().T.contiguous().T) == expected
    rounded = tensor.detach().to(torch.bfloat16)
    assert picks(rounded) == picks(rounded.to(torch.float32))


def test_pyarrow(X, expected):
    pa = pytest.importorskip("pyarrow")
    values = pa.array(X.reshape(-1))
    fixed = pa.FixedSizeListArray.from_arrays(values, 24)
    listed = pa.ListArray.from_arrays(pa.array(np.arange(601, dtype=np.int32) * 24), values)
    for column in (fixed, listed, pa.chunked_array([fixed]), pa.chunked_array([fixed[:100], fixed[100:]])):
        assert picks(column) == expected
    assert picks(fixed[50:]) == picks(X[50:])
    table = pa.table({"name": [str(row) for row in range(600)], "embedding": fixed})
    assert picks(table) == expected
    assert picks(pa.table({f"f{at}": X[:, at] for at in range(24)})) == expected
    with pytest.raises(ValueError, match="row 1 of 3 values found, 2 expected"):
        picks(pa.array([[1.0, 2.0], [1.0, 2.0, 3.0], [1.0]]))
    with pytest.raises(ValueError, match="1 rows that are null found"):
        picks(pa.array([[1.0, 2.0], None]))
    with pytest.raises(ValueError, match="nulls found among the values"):
        picks(pa.array([[1.0, None], [1.0, 2.0]]))
    with pytest.raises(ValueError, match=r"columns of lists \['a', 'b'\] found"):
        picks(pa.table({"a": fixed, "b": fixed}))


def test_polars(X, expected):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"embedding": pl.Series(X.tolist(), dtype=pl.Array(pl.Float32, 24))})
    assert picks(frame) == expected
    assert picks(frame["embedding"]) == expected
    assert picks(pl.DataFrame({"embedding": pl.Series(X.tolist(), dtype=pl.List(pl.Float32))})) == expected
    assert picks(pl.DataFrame({f"f{at}": X[:, at] for at in range(24)})) == expected


def test_pandas_keeps_its_index(X, expected):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, index=[f"row {row}" for row in range(600)], columns=[f"f{at}" for at in range(24)])
    selection = coresift.select(frame, 30, "coverage", device="cpu")
    assert selection.indices.tolist() == expected
    assert selection.index.tolist() == [f"row {row}" for row in expected]
    assert frame.iloc[selection].index.tolist() == selection.index.tolist()


def test_files(X, expected, tmp_path):
    np.save(tmp_path / "x.npy", X)
    shards = tmp_path / "shards"
    shards.mkdir()
    for at, rows in enumerate(np.array_split(X, 3)):
        np.save(shards / f"part-{at}.npy", rows)
    assert picks(tmp_path / "x.npy") == expected
    assert picks(str(shards)) == expected
    assert picks([shards / f"part-{at}.npy" for at in range(3)]) == expected
    safetensors = pytest.importorskip("safetensors.numpy")
    safetensors.save_file({"x": X}, tmp_path / "x.safetensors")
    assert picks(tmp_path / "x.safetensors") == expected
    with pytest.raises(FileNotFoundError, match="missing.npy"):
        picks(tmp_path / "missing.npy")


def test_what_is_no_rows(X):
    sparse = pytest.importorskip("scipy.sparse")
    for bad, error, said in [
        (X[0], ValueError, r"X: an array of shape \(24,\) found, two axes expected"),
        (X[None], ValueError, "two axes expected"),
        (X[:0], ValueError, "at least one row"),
        (X[:, :0], ValueError, "at least one row and one column expected"),
        (X.astype(object), TypeError, "X: values of type object found"),
        (X.astype(complex), ValueError, "X: values of type complex128 found, real ones expected"),
        (X.astype(str), TypeError, "X: values of type <U"),
        ([[1.0], [1.0, 2.0]], ValueError, "X: rows of different lengths found"),
        (sparse.csr_matrix(X), TypeError, "X: a sparse matrix found, a dense one expected"),
        (np.where(np.arange(600)[:, None] == 7, np.nan, X), ValueError, "X: NaN found at row 7, column 0"),
        (X.astype(np.float64) * 1e300, ValueError, "X: .* found at row 0"),
    ]:
        with pytest.raises(error, match=said):
            picks(bad)
    with pytest.raises(ValueError, match="raw: 'f32,24' found, None expected"):
        picks(X, raw="f32,24")


PEAK = """
import re, sys
import numpy as np, coresift
X = np.random.default_rng(0).random((200_000, 256), dtype=np.float32)
def held(name):
    return int(re.search(name + r":\\s+(\\d+) kB", open("/proc/self/status").read())[1]) * 1024
coresift.select(X[:1000], 5, "norm", device="cpu")
rows = {"plain": X, "transposed": X.reshape(256, 200_000).T}[sys.argv[1]]
open("/proc/self/clear_refs", "w").write("5")  # the peak is that of what follows
before = held("VmRSS")
coresift.select(rows, 5, "norm", device="cpu")
print((held("VmHWM") - before) / X.nbytes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the process's memory is read from /proc")
@pytest.mark.parametrize(("rows", "least", "most"), [("plain", 0.0, 0.1), ("transposed", 0.9, 1.2)])
def test_no_copy_where_none_is_promised(rows, least, most):
    done = subprocess.run([sys.executable, "-c", PEAK, rows], capture_output=True, text=True, check=True)
    assert least <= float(done.stdout) <= most


def test_lent_arrays_are_locked(X):
    rows = X.copy()
    part = rows[:300]
    with coresift.Pool(part, device="cpu") as pool, coresift.Pool(rows, device="cpu"):
        for array in (part, rows):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0] = 1
        assert len(pool) == 300
    rows[0, 0] = 1
    part[0, 0] = 2
    assert not _doors.locks._held


def test_views_of_one_array_are_unlocked_in_any_order(X):
    rows = X.copy()
    first, second = rows[:300], rows[300:]
    pools = [coresift.Pool(part, device="cpu") for part in (first, second, first)]
    for pool in pools:
        assert not first.flags.writeable
        pool.close()
    assert first.flags.writeable and second.flags.writeable and rows.flags.writeable
    assert not _doors.locks._held


def test_arrays_that_are_written_to_all_the_same_break_nothing(X):
    """By a view made before, which no lock reaches: picks of no meaning or an error, and the next run is right."""
    rows = np.repeat(X, 20, axis=0)
    other = rows.view()
    done = threading.Event()

    def write():
        rng = np.random.default_rng(0)
        while not done.is_set():
            other[rng.integers(len(other), size=100)] *= -1.5

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for method in ("gram-schmidt", "coverage", "typiclust", "probcover"):
            try:
                selection = coresift.select(rows, 20, method, device="cpu")
            except Exception:  # whatever it is, the process goes on
                continue
            assert len(selection) <= 20  # fewer where rows have come to be zeros or alike
    finally:
        done.set()
        writer.join()
    assert len(coresift.select(X, 20, "norm", device="cpu")) == 20
