"""Facility location and coverage against what one would run instead, on the CPU.

    python3 benches/peers/facility_location.py [facility-location] [coverage] [--quick] [--rounds 5]
        [--slow-rounds 2] [--binary PATH] [--record FILE]

facility-location  10 000 rows x 1024, an RBF with our bandwidth, 100 and 1000 picks
    apricot        FacilityLocationSelection, 'lazy', of a matrix that numpy makes from f32 features
    submodlib      FacilityLocation, 'LazyGreedy', of the same matrix; where it can be installed
coverage           20 000 rows x 128, 100 picks
    scikit-learn   KMeans of rows at length 1 into as many clusters, best of 5 starts, and of each the row
                   nearest to its centre

Answers of facility location are checked before anything is timed: F in f64 from similarities that are not
rounded, of our picks and of each peer's own, and how many picks are in common. Ours is timed as a process and
from features in memory; peers begin with the features in memory. All are given the bandwidth, to find which
takes us a sixth of the products more.
"""

import argparse
import os

import common

SUBMODLIB = "submodlib-py==0.0.3"
MORE = ["scikit-learn==1.9.1", "numba==0.68.1", "apricot-select==0.6.1"]
common.own_environment(".venv-sas", MORE, [SUBMODLIB])

import numpy as np  # noqa: E402
from apricot import FacilityLocationSelection  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402

try:
    from submodlib import FacilityLocationFunction
except ImportError:
    FacilityLocationFunction = None

# Rows, values, picks; and how many times as long a peer must take
COVERED = (10_000, 1024, (100, 1000), 15)
CLUSTERED = (20_000, 128, (100,), 1)


def unit(features, kind):
    z = features.astype(kind)
    return z / np.sqrt(np.einsum("ij,ij->i", z, z))[:, None]


def similarities(features, sigma, kind):
    z = unit(features, kind)
    s = z @ z.T
    s -= 1
    s /= sigma * sigma
    return np.exp(s, out=s)


def apricot(s, budget):
    chosen = FacilityLocationSelection(budget, metric="precomputed", optimizer="lazy").fit(s)
    return chosen.ranking.tolist()


def submodlib(s, budget):
    function = FacilityLocationFunction(len(s), "dense", sijs=s, separate_rep=False)
    stop = {"stopIfZeroGain": False, "stopIfNegativeGain": False}
    return [row for row, _ in function.maximize(budget, "LazyGreedy", show_progress=False, **stop)]


def nearest_to_means(features, budget):
    z = unit(features, np.float32)
    found = KMeans(budget, n_init=5, random_state=0).fit(z)
    squared = ((z - found.cluster_centers_[found.labels_]) ** 2).sum(1)
    order = np.lexsort((squared, found.labels_))
    return order[np.unique(found.labels_[order], return_index=True)[1]].tolist()


def check(features, told, peers, budget):
    """Prints F of each side; ours may not be below any peer's by more than 1e-4 of it."""
    sigma = told["cover"][0]["sigma"]
    s = similarities(features, sigma, np.float64)
    value = lambda picks: float(s[:, picks].max(1).sum())  # noqa: E731
    ours = told["picks"]
    assert len(set(ours)) == budget
    for name, of in peers.items():
        theirs = of(similarities(features, sigma, np.float32), budget)
        ratio, shared = value(ours) / value(theirs), len(set(ours) & set(theirs)) / budget
        print(f"F of ours over that of {name}: {ratio:.6f}, {100 * shared:.1f} % of the picks in common")
        assert ratio >= 0.9999, f"{name}: {ratio}"
    return sigma


def compare(coresift, method, size, peers_of, options):
    rows, dim, budgets, asked = size
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        common.clusters(path, rows, dim)
        features = np.load(path)
        for budget in budgets:
            told = coresift.select(path, method, budget)[0]
            peers, given = peers_of(features, told, budget)
            ours = lambda given=given: coresift.times(path, method, budget, *given)  # noqa: E731
            jobs = [("coresift", None, ours)]
            for name, call in peers.items():
                run = lambda name=name, call=call: {name: common.timed(call)}  # noqa: E731
                jobs.append((name, options.slow_rounds, run))
            times = common.alternate(jobs, options.rounds)
            job = f"{method}, {rows} x {dim} f32, {budget} picks"
            pairs = [(name, side) for side in (common.PROCESS, common.MEMORY) for name in peers]
            common.report(f"{job}; seconds", times, pairs)
            asked_here = None if options.quick else asked
            comparisons = [(name, name, common.PROCESS, common.MEMORY, asked_here) for name in peers]
            common.record(options.record, job, times, comparisons)


def covering(features, told, budget):
    found = {"apricot": apricot}
    if FacilityLocationFunction:
        found["submodlib"] = submodlib
    sigma = check(features, told, found, budget)
    call = lambda of: lambda: of(similarities(features, sigma, np.float32), budget)  # noqa: E731
    return {name: call(of) for name, of in found.items()}, ("--sigma", repr(sigma))


def clustering(features, told, budget):
    assert len(set(told["picks"])) == budget
    return {"scikit-learn": lambda: nearest_to_means(features, budget)}, ()


def main():
    parser = argparse.ArgumentParser(description="Facility location and coverage against their peers")
    parser.add_argument("jobs", nargs="*", choices=["facility-location", "coverage", []])
    parser.add_argument("--quick", action="store_true", help="small pools, nothing is asked of them")
    parser.add_argument("--slow-rounds", type=int, default=2, help="rounds of the peers")
    common.add_options(parser)
    options = parser.parse_args()
    coresift = common.Coresift(options.binary or common.build())
    asked = options.jobs or ["facility-location", "coverage"]
    small = lambda size: (1500, 64, (30,), size[3]) if options.quick else size  # noqa: E731
    if "facility-location" in asked:
        compare(coresift, "facility-location", small(COVERED), covering, options)
    if "coverage" in asked:
        compare(coresift, "coverage", small(CLUSTERED), clustering, options)


if __name__ == "__main__":
    main()
