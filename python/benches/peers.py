"""Side by side with apricot and submodlib, on data that scikit-learn ships and on that of apricot's README.

Needs coresift (pip install ./python from the root) and, in an environment of their own if need be:

    pip install apricot-select==0.6.1 submodlib-py==0.0.3 scikit-learn

    python python/benches/peers.py [--budgets 100] [--repeats 3]

Both are given the same similarities: theirs as a matrix, ours by the kernel of that name, so that both maximise one
objective. Its value is computed in float64 from that matrix, for their picks and for ours. Seconds are the least of
some repeats, from features in memory to picks, the matrix included. apricot compiles its functions anew in every fit;
it is timed as it is, and with that done before. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import functools
import time
import warnings
from collections.abc import Callable

import numpy as np
from apricot import FacilityLocationSelection, GraphCutSelection
from apricot.functions import facilityLocation, graphCut
from sklearn.datasets import load_breast_cancer, load_digits, make_blobs
from sklearn.preprocessing import StandardScaler
from submodlib import FacilityLocationFunction, GraphCutFunction, LogDeterminantFunction

import coresift

SIGMA = 0.5

# What apricot compiles in every fit, kept for the fits that follow.
COMPILED = []
for module, name in [
    (facilityLocation, "calculate_gains"),
    (facilityLocation, "calculate_gains_sieve"),
    (graphCut, "calculate_gains_sieve"),
]:
    COMPILED.append(functools.cache(getattr(module, name)))
    setattr(module, name, COMPILED[-1])


def datasets() -> dict[str, np.ndarray]:
    """Rows by name."""
    raw = {
        "digits": load_digits().data,
        "breast cancer, standardised": StandardScaler().fit_transform(load_breast_cancer().data),
        "make_blobs(2000, 25)": make_blobs(2000, 25, centers=10, random_state=0)[0],
        "apricot's README, centred": np.random.default_rng(0).normal(100, 1, size=(1000, 25)) - 100,
    }
    return {name: np.ascontiguousarray(rows, dtype=np.float32) for name, rows in raw.items()}


def cosines(X: np.ndarray) -> np.ndarray:
    """Cosines of rows."""
    Z = X.astype(np.float64)
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    return Z @ Z.T


def nonnegative(X: np.ndarray) -> np.ndarray:
    """Cosines, negative ones as 0."""
    return np.maximum(cosines(X), 0)


def rbf(X: np.ndarray) -> np.ndarray:
    """The RBF of rows at length 1."""
    return np.exp((cosines(X) - 1) / SIGMA**2)


def dots(X: np.ndarray) -> np.ndarray:
    """Products of rows, in units of their mean squared length."""
    X = X.astype(np.float64)
    return X @ X.T / (X**2).sum(1).mean()


def covered(S: np.ndarray, picks: np.ndarray) -> float:
    return float(S[:, picks].max(1).sum())


def cut(S: np.ndarray, picks: np.ndarray) -> float:
    return float(S[:, picks].sum() - S[np.ix_(picks, picks)].sum())


def log_det(S: np.ndarray, picks: np.ndarray) -> float:
    return float(np.linalg.slogdet(np.eye(len(picks)) + S[np.ix_(picks, picks)])[1])


def by_apricot(selection: type, compiled: bool, **options: object) -> Callable[[np.ndarray, int], np.ndarray]:
    def pick(S: np.ndarray, budget: int) -> np.ndarray:
        if not compiled:
            for function in COMPILED:
                function.cache_clear()
        return selection(budget, metric="precomputed", **options).fit(S).ranking

    return pick


def by_submodlib(function: Callable[[np.ndarray], object]) -> Callable[[np.ndarray, int], np.ndarray]:
    def pick(S: np.ndarray, budget: int) -> np.ndarray:
        found = function(S).maximize(budget, optimizer="LazyGreedy", show_progress=False)
        return np.array([row for row, _ in found])

    return pick


LOCATION = {
    "apricot": by_apricot(FacilityLocationSelection, False, optimizer="lazy"),
    "apricot, compiled": by_apricot(FacilityLocationSelection, True, optimizer="lazy"),
    "submodlib": by_submodlib(lambda S: FacilityLocationFunction(len(S), "dense", sijs=S, separate_rep=False)),
}
CUT = {
    "apricot": by_apricot(GraphCutSelection, False, alpha=1, optimizer="naive"),
    "apricot, compiled": by_apricot(GraphCutSelection, True, alpha=1, optimizer="naive"),
    "submodlib": by_submodlib(lambda S: GraphCutFunction(len(S), "dense", 1, ggsijs=S)),
}
DETERMINANT = {"submodlib": by_submodlib(lambda S: LogDeterminantFunction(len(S), "dense", 1.0, sijs=S))}


def ours(method: str, **options: object) -> Callable[[np.ndarray, int], np.ndarray]:
    return lambda X, budget: coresift.select(X, budget, method, device="cpu", **options).indices


# Name, the matrix, the value of picks by it, peers, and ours.
OBJECTIVES = [
    ("facility location, cosine", nonnegative, covered, LOCATION, ours("facility-location", kernel="cosine")),
    ("facility location, RBF", rbf, covered, LOCATION, ours("facility-location", kernel="rbf", sigma=SIGMA)),
    ("graph cut, cosine", nonnegative, cut, CUT, ours("sas", refine="none")),
    ("log det(I + S), dot product", dots, log_det, DETERMINANT, ours("log-det", ridge=1.0)),
]


def timed(call: Callable[[], np.ndarray], repeats: int) -> tuple[float, np.ndarray]:
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        picks = call()
        seconds.append(time.perf_counter() - began)
    return min(seconds), picks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--budgets", type=int, nargs="+", default=[100])
    options = parser.parse_args()
    repeats = options.repeats
    warnings.filterwarnings("ignore")
    small = nonnegative(np.random.default_rng(0).normal(size=(50, 5)))
    for peers in (LOCATION, CUT, DETERMINANT):
        for pick in peers.values():
            pick(small, 5)
    print("| data | rows | objective | budget | peer | value, peer | value, ours | ours / peer | s, peer | s, ours |")
    print("|---|---:|---|---:|---|---:|---:|---:|---:|---:|")
    for data, X in datasets().items():
        for objective, matrix, value, peers, our in OBJECTIVES:
            S = matrix(X)
            for budget in options.budgets:
                mine, picks = timed(lambda X=X, our=our, budget=budget: our(X, budget), repeats)
                for peer, pick in peers.items():
                    call = lambda X=X, matrix=matrix, pick=pick, budget=budget: pick(matrix(X), budget)  # noqa: E731
                    took, theirs = timed(call, repeats)
                    a, b = value(S, theirs), value(S, picks)
                    cells = [data, len(X), objective, budget, peer, f"{a:.4f}", f"{b:.4f}", f"{b / a:.6f}"]
                    print("|", " | ".join(map(str, [*cells, f"{took:.4f}", f"{mine:.4f}"])), "|", flush=True)


if __name__ == "__main__":
    main()
