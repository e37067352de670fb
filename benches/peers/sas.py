"""SAS, greedy graph cut within classes, against what one would run instead, on the CPU.

    python3 benches/peers/sas.py [one] [ten] [large] [--rounds 5] [--quick] [--binary PATH] [--record FILE]

one     one class of 5000 rows x 512, 50 %
ten     ten classes of 5000 rows x 512, 80 % (the shape of CIFAR-10). A peer is timed on one class a
        round and its figure multiplied by ten: classes are alike
large   one class of 50 000 rows x 256, 20 %: our time, and peak memory against features + 1.5 GiB

    apricot     GraphCutSelection, alpha=1, of a similarity matrix that numpy makes from f32 features;
                optimizer 'naive', which is its fastest here. Every fit compiles a function that only
                its streaming uses, so it is timed as it is and with that left out
    submodlib   GraphCut, lambda=1, of the same matrix, 'LazyGreedy' being its fastest; where it can be
                installed
    released    the released code of SAS, its loop restated: a lazy queue whose gains never change, so
                that it ranks by row sum; of a matrix that is given, at 2000 rows, all of them ranked

Similarities are cosines, threshold 0. Ours is `--refine none`, which is the peers' rule, and the
default `--refine top-up` apart. Answers are checked before anything is timed: F in f64 from similarities
that are not rounded, for the picks of each side. Ours is timed as a process and from features in
memory; peers begin with the features in memory.
"""

import argparse
import heapq
import os
from unittest import mock

import common

# apricot-select imports scikit-learn and numba, whose versions must suit numpy's
SUBMODLIB = "submodlib-py==0.0.3"
MORE = ["scikit-learn==1.9.1", "numba==0.68.1", "apricot-select==0.6.1"]
common.own_environment(".venv-sas", MORE, [SUBMODLIB])

import numpy as np  # noqa: E402
from apricot import GraphCutSelection  # noqa: E402

try:
    from submodlib import GraphCutFunction
except ImportError:
    GraphCutFunction = None

TOP_UP = "coresift top-up, process"
TOP_UP_MEMORY = "coresift top-up, from memory"


# ------------------------------------------------------------------ answers


def similarities(features, kind):
    z = features.astype(kind)
    z /= np.sqrt(np.einsum("ij,ij->i", z, z))[:, None]
    s = z @ z.T
    return np.maximum(s, 0, out=s)


def value(s, picks):
    """Similarity between the picks and the rest."""
    inside = np.zeros(len(s), bool)
    inside[picks] = True
    return float(s[inside].sum(0)[~inside].sum())


# ------------------------------------------------------------------ peers


def apricot(s, budget):
    chosen = GraphCutSelection(budget, metric="precomputed", alpha=1, optimizer="naive").fit(s)
    return chosen.ranking.tolist()


def apricot_uncompiled(s, budget):
    with mock.patch("apricot.functions.graphCut.calculate_gains_sieve"):
        return apricot(s, budget)


def submodlib(s, budget):
    cut = GraphCutFunction(len(s), "dense", 1, ggsijs=s)
    stop = {"stopIfZeroGain": False, "stopIfNegativeGain": False}
    return [row for row, _ in cut.maximize(budget, "LazyGreedy", show_progress=False, **stop)]


def released(s):
    s = s.copy()
    picks = []

    def gain(row):
        return s[row].sum() - s[np.ix_(picks, [row])].sum()

    queue = [(-gain(row), -row) for row in range(len(s))]
    heapq.heapify(queue)
    while queue:
        row = -heapq.heappop(queue)[1]
        now = gain(row)
        if queue and now < -queue[0][0]:
            heapq.heappush(queue, (-now, -row))
        else:
            picks.append(row)
            s[row] = 0
    return picks


# ------------------------------------------------------------------ jobs


def by_class(labels, picks, label):
    """Picks of a class as positions in it."""
    position = np.full(len(labels), -1)
    rows = np.flatnonzero(labels == label)
    position[rows] = np.arange(len(rows))
    found = position[picks]
    return found[found >= 0]


def check_told(told, labels, label, true):
    """Our own figure of a class, where it gives one."""
    for record in told.get("classes") or []:
        if record.get("class") == label and record.get("value") is not None:
            assert abs(record["value"] - true) < 1e-3 * true, f"class {label}: value {record['value']}"
            assert record["picks"] == record["budget"] and record["rows"] == (labels == label).sum()


def check(coresift, arguments, features, labels, classes, budget):
    """Prints F of each side for some classes; ours may not be below apricot's by more than 1e-4."""
    plain, topped = (coresift.select(*arguments, "--refine", how)[0] for how in ("none", "top-up"))
    for told in (plain, topped):
        picks = told["picks"]
        assert len(set(picks)) == len(picks) == budget * (labels.max() + 1), "not the budget"
    print(f"\n{'F of class':12}{'ours':>16}{'top-up':>16}{'apricot':>16}{'ours/apricot':>15}  in common")
    for label in classes:
        rows = features[labels == label]
        theirs = apricot(similarities(rows, np.float32), budget)
        s = similarities(rows, np.float64)
        ours = by_class(labels, plain["picks"], label)
        assert len(ours) == budget
        f_ours, f_theirs = value(s, ours), value(s, theirs)
        f_topped = value(s, by_class(labels, topped["picks"], label))
        common_picks = len(set(ours.tolist()) & set(theirs)) / budget
        print(
            f"{label:<12}{f_ours:16.2f}{f_topped:16.2f}{f_theirs:16.2f}{f_ours / f_theirs:15.7f}"
            f"  {100 * common_picks:.2f} %",
            flush=True,
        )
        assert f_ours >= (1 - 1e-4) * f_theirs and f_topped >= (1 - 1e-4) * f_ours
        check_told(plain, labels, label, f_ours)
        check_told(topped, labels, label, f_topped)
        if GraphCutFunction is not None and len(rows) <= 1000:
            f = value(s, submodlib(s, budget))
            assert abs(f - f_theirs) < 1e-4 * f_theirs, f"submodlib's F {f}"


def compare(coresift, options, title, classes, each, dim, share):
    """Times ours on all classes and the peers on one class a round."""
    budget = each * share // 100
    with common.folder() as folder:
        path, labels_path = common.classes_of_clusters(folder, classes, each, dim)
        features, labels = np.load(path), np.load(labels_path)
        arguments = (path, "sas", f"{share}%", "--classes", labels_path, "--threshold", "0")
        timed_classes = list(range(min(classes, 2)))
        check(coresift, arguments, features, labels, timed_classes, budget)
        clock = common.Clock()
        small = similarities(features[:2000], np.float64)
        ranking = np.lexsort((-np.arange(len(small)), -small.sum(1)))
        turns = iter(range(10**6))

        def ours(how, process, memory):
            def call():
                refined = (*arguments, "--refine", how)
                seconds = clock.of_child(process, lambda: coresift.times(*refined))
                return {process: seconds[common.PROCESS], memory: seconds[common.MEMORY]}

            return call

        def rows_of_turn():
            return features[labels == timed_classes[next(turns) % len(timed_classes)]]

        def theirs():
            rows = rows_of_turn()
            made, s = clock.of("numpy, matrix of a class", lambda: similarities(rows, np.float32))
            fitted, picks = clock.of("apricot, fit of a class", lambda: apricot(s, budget))
            name = "apricot, fit of a class, no compiling"
            uncompiled, same = clock.of(name, lambda: apricot_uncompiled(s, budget))
            assert len(picks) == budget and picks == same
            return {
                "numpy, matrix of a class": made,
                "apricot, fit of a class": fitted,
                name: uncompiled,
                "apricot and matrix": classes * (made + fitted),
                "apricot and matrix, no compiling": classes * (made + uncompiled),
            }

        def submodlib_job():
            rows = rows_of_turn()
            made, s = clock.of("submodlib: matrix of a class", lambda: similarities(rows, np.float32))
            taken, picks = clock.of("submodlib, a class", lambda: submodlib(s, budget))
            assert len(set(picks)) == budget
            return {"submodlib and matrix": classes * (made + taken)}

        def released_job():
            seconds, picks = clock.of("released", lambda: released(small))
            assert picks == ranking.tolist()
            return {f"released, {len(small)} rows, no matrix": seconds}

        jobs = [
            ("coresift", None, ours("none", common.PROCESS, common.MEMORY)),
            ("coresift top-up", None, ours("top-up", TOP_UP, TOP_UP_MEMORY)),
            ("apricot", None, theirs),
        ]
        if GraphCutFunction is not None:
            jobs.append(("submodlib", options.slow_rounds, submodlib_job))
        if classes == 1:
            jobs.append(("released", options.slow_rounds, released_job))
        times = common.alternate(jobs, options.rounds)
        peers = ["apricot and matrix", "apricot and matrix, no compiling"]
        if "submodlib and matrix" in times:
            peers.append("submodlib and matrix")
        ours_of = (common.PROCESS, common.MEMORY, TOP_UP, TOP_UP_MEMORY)
        pairs = [(peer, mine) for mine in ours_of for peer in peers]
        shape = f"{classes} x {each} x {dim} f32, {share} %"
        many = f", a class times {classes}" if classes > 1 else ""
        common.report(f"SAS, {title}: {shape}{many and f'; peers{many}'}; seconds", times, pairs)
        asked = None if options.quick else {1: 3, 10: 10}[classes]
        for job, process, memory in (
            (f"SAS, {title}: {shape}", common.PROCESS, common.MEMORY),
            (f"SAS with top-up, {title}: {shape}", TOP_UP, TOP_UP_MEMORY),
        ):
            comparisons = [(peer, f"{peer}{many}", process, memory, asked) for peer in peers]
            common.record(options.record, job, times, comparisons)
        clock.report()
        if GraphCutFunction is None:
            print(f"\n{SUBMODLIB} could not be installed: not timed")
        report_memory(coresift, arguments, features.nbytes, None)


def report_memory(coresift, arguments, features, more):
    peak = coresift.peak_memory(*arguments, "--refine", "none")
    if more is None:
        print(f"\npeak memory {peak / 2**20:.0f} MiB, features {features / 2**20:.0f} MiB")
    else:
        common.report_memory(peak, features, more)


def large(coresift, options, rows, dim, share):
    with common.folder() as folder:
        path, labels_path = common.classes_of_clusters(folder, 1, rows, dim)
        arguments = (path, "sas", f"{share}%", "--classes", labels_path, "--threshold", "0")
        clock = common.Clock()

        def ours():
            refined = (*arguments, "--refine", "none")
            return clock.of_child(common.PROCESS, lambda: coresift.times(*refined))

        times = common.alternate([("coresift", None, ours)], options.slow_rounds)
        common.report(f"SAS, large: 1 x {rows} x {dim} f32, {share} %; seconds", times, [])
        clock.report()
        report_memory(coresift, arguments, 4 * rows * dim, 1.5 * 2**30)


def main():
    parser = argparse.ArgumentParser(description="SAS against its peers")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="one, ten, large; default: all")
    parser.add_argument("--slow-rounds", type=int, default=1, help="of submodlib, released and large")
    parser.add_argument("--quick", action="store_true", help="small pools: does it all run?")
    common.add_options(parser)
    options = parser.parse_args()
    jobs = options.jobs or ["one", "ten", "large"]
    if unknown := set(jobs) - {"one", "ten", "large"}:
        parser.error(f"{', '.join(sorted(unknown))}: no such job")
    each, dim, rows = (600, 64, 4000) if options.quick else (5000, 512, 50_000)

    coresift = common.Coresift(options.binary or common.build())
    if "one" in jobs:
        compare(coresift, options, "one class", 1, each, dim, 50)
    if "ten" in jobs:
        compare(coresift, options, "ten classes", 10, each, dim, 80)
    if "large" in jobs:
        large(coresift, options, rows, 64 if options.quick else 256, 20)


if __name__ == "__main__":
    main()
