"""ProbCover and TypiClust against what one would run instead, on the CPU.

    python3 benches/peers/cover.py [probcover] [typiclust] [large] [--released PATH] [--rounds 5]
                                   [--quick] [--binary PATH] [--record FILE]

probcover   20 000 rows x 128, 100 picks, delta such that there are 1.4 million edges, and 4.0 million
            (each row has one to itself): the middle of the widest gap between distances near there
typiclust   the same rows, 100 picks, squared distances; 100 clusters given, and not given
large       ProbCover, 200 000 rows x 128, 100 picks, 70 edges a row: our time and peak memory

    released      the released code of both: --released names a checkout of GitHub's
                  avihu111/TypiClust, which is executed as it stands (see released.py). It has its own
                  clusters from scikit-learn's MiniBatchKMeans where none are given
    scikit-activeml   its ProbCover, given delta, at the first 10 000 rows; where it can be installed

Answers are checked before anything is timed, against the selectors' definitions in f64: ours must be
theirs to the row. Distances of the released code are f32, so its picks may part from them: how many
are shared is printed, and its cover must be as large within 1 %. scikit-activeml breaks ties at random:
its cover likewise. Where clusters are not given no two sides have the same ones: the mean squared
distance of a row to its nearest pick stands for the answer. Ours is timed as a process and from
features in memory; the released code reads its features from the file, scikit-activeml begins with
them in memory.
"""

import argparse
import os
import sys
import warnings

import common
import released

ACTIVE = "scikit-activeml==1.0.1"
# torch is large, so only those who time the released code install it
if any(argument.startswith("--released") for argument in sys.argv):
    common.own_environment(".venv-cover-released", released.PINNED, [ACTIVE])
else:
    common.own_environment(".venv-cover", ["scikit-learn==1.9.1"], [ACTIVE])

import numpy as np  # noqa: E402
from sklearn.cluster import MiniBatchKMeans  # noqa: E402

try:
    from skactiveml.pool import ProbCover
except ImportError:
    ProbCover = None

RELEASED = "released"
ACTIVEML = "scikit-activeml"


# ------------------------------------------------------------------ distances, in f64


def unit_rows(features):
    x = features.astype(np.float64)
    return x / np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]


def distances(some, z):
    return np.sqrt(np.maximum(2 - 2 * (some @ z.T), 0))


def radius_of(z, share):
    """The distance that a share of all pairs are below, as some rows have it."""
    some = z[:: max(1, len(z) // 500)]
    return float(np.quantile(distances(some, z), share))


def pairs_below(z, radius):
    """Edges as starts and columns by row, and their distances."""
    counts, columns, lengths = [], [], []
    for at in range(0, len(z), 500):
        d = distances(z[at : at + 500], z)
        d[np.arange(len(d)), np.arange(at, at + len(d))] = 0
        near = d < radius
        counts.append(near.sum(1))
        columns.append(near.nonzero()[1].astype(np.int32))
        lengths.append(d[near])
    counts, columns, lengths = (np.concatenate(parts) for parts in (counts, columns, lengths))
    return np.append(0, counts.cumsum()[:-1]), columns, lengths


def keep_below(starts, columns, lengths, radius):
    kept = lengths < radius
    counts = np.add.reduceat(kept.astype(np.int64), starts)
    return np.append(0, counts.cumsum()[:-1]), columns[kept]


def delta_near(lengths, edges):
    """A radius with about that many edges, in the middle of the widest gap around it; and the gap."""
    ordered = np.sort(lengths)
    around = ordered[edges - edges // 1000 : edges + edges // 1000]
    gaps = np.diff(around)
    at = int(gaps.argmax())
    return float(around[at] + gaps[at] / 2), float(gaps[at])


def covered(z, delta, picks):
    """How many rows lie within delta of a pick."""
    return int((distances(z, z[picks]) < delta).any(1).sum())


def to_nearest(z, picks):
    return float(np.square(distances(z, z[picks]).min(1)).mean())


# ------------------------------------------------------------------ jobs


def spread(picks, budget):
    assert len(set(picks)) == len(picks) == budget, "not the budget, or a row twice"
    return picks


def ours(coresift, clock, name, arguments):
    """A job whose figures are named for a table with several of ours."""

    def call():
        process, memory = f"{common.PROCESS}{name}", f"{common.MEMORY}{name}"
        seconds = clock.of_child(process, lambda: coresift.times(*arguments))
        return {process: seconds[common.PROCESS], memory: seconds[common.MEMORY]}

    return (f"coresift{name}", None, call)


def theirs(clock, name, rounds, select, want):
    """A job that times `select`, and asks that its picks be those of the check unless `want` is None."""

    def call():
        seconds, picks = clock.of(name, select)
        assert want is None or picks == want, f"{name}: other picks than when checked"
        return {name: seconds}

    return (name, rounds, call)


def pairs_of(times, of_peer):
    return [
        (peer, f"{mine}{name}")
        for mine in (common.PROCESS, common.MEMORY)
        for peer, name in of_peer.items()
        if peer in times
    ]


def record(options, job, times, of_peer, asked):
    comparisons = [
        (peer, peer, f"{common.PROCESS}{name}", f"{common.MEMORY}{name}", None if options.quick else asked)
        for peer, name in of_peer.items()
        if peer in times
    ]
    common.record(options.record, job, times, comparisons)


def memory(coresift, folder, path, *arguments):
    """Peak memory against features and 64 bytes a row, above what the same takes at 1000 rows."""
    features = np.load(path, mmap_mode="r")
    rows, row_bytes = len(features), 4 * features.shape[1]
    small = os.path.join(folder, "small.npy")
    np.save(small, features[:1000])
    method, _, *options = arguments
    constant = coresift.peak_memory(small, method, "20", *options) - 1000 * row_bytes
    peak = coresift.peak_memory(path, *arguments)
    common.report_memory(peak, rows * row_bytes, 64 * rows + constant)
    mib = constant / 2**20
    print(f"(features, 64 bytes a row, and {mib:.0f} MiB that 1000 rows take beside theirs)")


def activeml(features, budget, delta):
    z = unit_rows(features).astype(np.float32)
    selector = ProbCover(deltas=[delta], random_state=0)
    with warnings.catch_warnings(action="ignore"):  # that a delta given was not chosen by purity
        return selector.query(z, np.full(len(z), np.nan), batch_size=budget).tolist()


def probcover(coresift, code, options, rows, dim, budget):
    with common.folder() as folder:
        path, part = (os.path.join(folder, f"{name}.npy") for name in ("features", "part"))
        common.clusters(path, rows, dim)
        features = np.load(path)
        np.save(part, features[: rows // 2])
        z = unit_rows(features)
        targets = [3500 * rows // 1000 * rows // 1000, 10_000 * rows // 1000 * rows // 1000]
        radius = 1.02 * radius_of(z, targets[-1] / rows**2)
        starts, columns, lengths = pairs_below(z, radius)
        assert len(lengths) > 1.01 * targets[-1], "the radius is too small"
        clock = common.Clock()
        jobs, of_peer = [], {}
        for edges in targets:
            delta, gap = delta_near(lengths, edges)
            near = keep_below(starts, columns, lengths, delta)
            label = f", {edges / 1e6:g}M edges"
            print(f"\ndelta {delta!r}: {len(near[1])} edges, no distance within {gap / 2:.1g}")
            picks, degrees = common.cover(*near, budget)
            arguments = (path, "probcover", str(budget), "--delta", repr(delta))
            told = coresift.select(*arguments)[0]
            assert told["picks"] == picks, "not the picks of the definition"
            assert told["scores"] == degrees, "not the rows newly covered"
            share = 100 * sum(degrees) / rows
            print(f"ours: all {budget} picks are the definition's; {share:.1f} % of the rows covered")
            jobs.append(ours(coresift, clock, label, arguments))
            if code is None:
                continue
            select = lambda delta=delta: code.probcover(path, budget, delta)[0]  # noqa: E731
            found = spread(select(), budget)
            doubtful = int((np.abs(lengths - delta) < 2e-6).sum())
            check_cover(RELEASED, covered(z, delta, found), sum(degrees), rows)
            print(
                f"released: {len(set(found) & set(picks))} of {budget} picks shared, the first "
                f"{first_other(found, picks)} in order; {doubtful} distances within 2e-6 of delta"
            )
            name = f"{RELEASED}{label}"
            jobs.append(theirs(clock, name, None, select, found))
            of_peer[name] = label
        if ProbCover is not None:
            delta = delta_near(lengths, targets[0])[0]
            half, label = features[: rows // 2], f", {rows // 2} rows"
            arguments = (part, "probcover", str(budget), "--delta", repr(delta))
            mine, found = (
                spread(picks, budget)
                for picks in (coresift.select(*arguments)[0]["picks"], activeml(half, budget, delta))
            )
            own, other = (covered(z[: rows // 2], delta, picks) for picks in (mine, found))
            check_cover(ACTIVEML, other, own, rows // 2)
            jobs.append(ours(coresift, clock, label, arguments))
            select = lambda: activeml(half, budget, delta)  # noqa: E731
            name = f"{ACTIVEML}{label}"
            jobs.append(theirs(clock, name, options.slow_rounds, select, None))
            of_peer[name] = label
        times = common.alternate(jobs, options.rounds)
        job = f"ProbCover, {rows} x {dim} f32, {budget} picks"
        common.report(f"{job}; seconds", times, pairs_of(times, of_peer))
        record(options, job, times, of_peer, 10)
        clock.report()
        not_timed(code)
        if ProbCover is None:
            print(f"\n{ACTIVE} could not be installed: not timed")
        delta = delta_near(lengths, targets[-1])[0]
        memory(coresift, folder, path, "probcover", str(budget), "--delta", repr(delta))


def check_cover(name, found, own, rows):
    print(f"{name}: {100 * found / rows:.2f} % of the rows covered, ours {100 * own / rows:.2f} %")
    assert abs(found - own) <= 0.01 * own, f"{name}: another cover"


def first_other(found, want):
    """How many leading picks are the same."""
    same = [a == b for a, b in zip(found, want)]
    return same.index(False) if False in same else len(same)


def not_timed(code):
    if code is None:
        print("\nthe released code was not timed: --released names no checkout of it")


def typiclust(coresift, code, options, rows, dim, budget):
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        labels_path = os.path.join(folder, "clusters.npy")
        common.clusters(path, rows, dim)
        z = unit_rows(np.load(path))
        model = MiniBatchKMeans(budget, batch_size=5000, random_state=0)
        clusters = model.fit(z.astype(np.float32)).labels_.astype(np.int64)
        np.save(labels_path, clusters)

        def squared_among(rows):
            return np.square(distances(z[rows], z[rows]))

        picks, lead = common.most_typical(squared_among, clusters, budget)
        free = (path, "typiclust", str(budget), "--squared")
        given = (*free, "--given-clusters", labels_path)
        told = coresift.select(*given)[0]
        assert told["picks"] == picks, "not the picks of the definition"
        own = to_nearest(z, spread(coresift.select(*free)[0]["picks"], budget))
        print(f"\nours: all {budget} picks in given clusters are the definition's; lead {lead:.1g}")
        print(f"mean squared distance to the nearest pick: given {to_nearest(z, picks):.4f}")
        print(f"    our clusters {own:.4f}")
        clock = common.Clock()
        labels = (", clusters given", ", own clusters")
        jobs = [ours(coresift, clock, *of) for of in zip(labels, (given, free))]
        if code is not None:
            found = spread(code.typiclust(path, budget, clusters), budget)
            shared = len(set(found) & set(picks))
            print(f"released: {shared} of {budget} picks in given clusters are the definition's")
            assert shared >= 0.95 * budget, "released: other picks"
            np.random.seed(0)
            other = to_nearest(z, spread(code.typiclust(path, budget), budget))
            print(f"    its clusters {other:.4f}")
            assert own < 1.05 * other, "its picks lie nearer to the rows than ours"
            select = lambda: code.typiclust(path, budget, clusters)  # noqa: E731
            jobs.append(theirs(clock, f"{RELEASED}{labels[0]}", None, select, found))
            select = lambda: code.typiclust(path, budget)  # noqa: E731
            jobs.append(theirs(clock, f"{RELEASED}{labels[1]}", None, select, None))
        times = common.alternate(jobs, options.rounds)
        job = f"TypiClust, {rows} x {dim} f32, {budget} picks in {budget} clusters"
        of_peer = {f"{RELEASED}{of}": of for of in labels}
        common.report(f"{job}; seconds", times, pairs_of(times, of_peer))
        record(options, job, times, of_peer, 5)
        clock.report()
        not_timed(code)
        memory(coresift, folder, path, *free[1:])


def large(coresift, options, rows, dim, budget):
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        common.clusters(path, rows, dim)
        z = unit_rows(np.load(path))
        delta = round(radius_of(z, 70 / rows), 6)
        arguments = (path, "probcover", str(budget), "--delta", repr(delta))
        check_large(coresift.select(*arguments)[0], z, delta, budget)
        del z
        clock = common.Clock()
        jobs = [ours(coresift, clock, "", arguments)]
        times = common.alternate(jobs, options.slow_rounds)
        common.report(f"ProbCover, large: {rows} x {dim} f32, {budget} picks; seconds", times, [])
        clock.report()
        memory(coresift, folder, path, *arguments[1:])


def check_large(told, z, delta, budget):
    """Every degree anew, and that no row of some would have covered more, at the start or the end."""
    picks = spread(told["picks"], budget)
    left = np.ones(len(z), bool)
    some = z[:: len(z) // 100]
    within = distances(some, z) < delta
    assert within.sum(1).max() <= told["scores"][0], "the first pick is not the best"
    for pick, degree in zip(picks, told["scores"]):
        near = distances(z[pick : pick + 1], z)[0] < delta
        near[pick] = True
        last = (within & left).sum(1).max()
        assert last <= degree == (near & left).sum(), f"row {pick}: degree {degree}"
        left &= ~near
    print(f"\ndelta {delta!r}: all degrees hold; {100 * (~left).mean():.2f} % of the rows covered")


def main():
    parser = argparse.ArgumentParser(description="ProbCover and TypiClust against their peers")
    told = "probcover, typiclust, large; default: all"
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=told)
    parser.add_argument("--released", metavar="PATH", help="a checkout of avihu111/TypiClust")
    parser.add_argument("--slow-rounds", type=int, default=1, help="of scikit-activeml and large")
    parser.add_argument("--quick", action="store_true", help="small pools: does it all run?")
    common.add_options(parser)
    options = parser.parse_args()
    jobs = options.jobs or ["probcover", "typiclust", "large"]
    if unknown := set(jobs) - {"probcover", "typiclust", "large"}:
        parser.error(f"{', '.join(sorted(unknown))}: no such job")
    rows, dim, budget = (2000, 64, 30) if options.quick else (20_000, 128, 100)

    coresift = common.Coresift(options.binary or common.build())
    code = released.Released(options.released) if options.released else None
    if "probcover" in jobs:
        probcover(coresift, code, options, rows, dim, budget)
    if "typiclust" in jobs:
        typiclust(coresift, code, options, rows, dim, budget)
    if "large" in jobs:
        large(coresift, options, 2 * rows if options.quick else 10 * rows, dim, budget)


if __name__ == "__main__":
    main()
