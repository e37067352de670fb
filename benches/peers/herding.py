"""Herding against what one would run instead, on the CPU.

    python3 benches/peers/herding.py [--rows 50000] [--dim 512] [--budget 1000] [--rounds 5]
        [--released-rdss PATH] [--released-rows 20000] [--slow-rounds 2] [--binary PATH] [--record FILE]

    numpy       the definition as one would write it: rows at length 1, sums of similarities strip by strip,
                and of each pick a column of similarities, in f32
    released    RDSS as released: --released-rdss names a checkout of GitHub's YanhuiAILab/RDSS, read at
                commit 3d7bbd651ac497303c5b569f7c2e2e672841978c, whose `khsample` is run as it stands, from
                rows at length 1, on the first 20 000: it holds several n x n matrices. Its time on all rows
                is told in two ways: all of it times n^2, and only what comes before the first pick times
                n^2, the rest, a call of the kernel for each row and pick, times n

All by an RBF of our bandwidth, and with RDSS's alpha. The released kernel gives 1 x 1 matrices for pairs,
which numpy no longer takes for numbers: they are made such on the way.

Answers are checked before they count, in f64 from similarities that are not rounded: each pick of ours and
of numpy's is, to ROUNDING, of the least S / t - alpha R / n, t counting the pick itself, which is the exact
greedy step of alpha-MMD^2. The released code divides S by one less: its picks are held to that, and are
others. Alpha-MMD^2 of all is printed; ours may not be larger than anyone's by more than 1 %. Ours is timed
as a process and from features in memory; peers begin with the features in memory.
"""

import argparse
import contextlib
import functools
import io
import os
import time

import common
from released import module

common.own_environment(".venv-herding", ["scikit-learn==1.9.1", "tqdm==4.70.1"])

import numpy as np  # noqa: E402

# How many times as long the released code must take at SIZE
SIZE = (50_000, 512, 1000)
ASKED = 20
# How far what a pick is of may be from the least
ROUNDING = 1e-6
STRIP = 1000
NAMES = {
    "numpy": "the definition in numpy",
    "released, by n^2": "RDSS as released, {rows} rows, times n²",
    "released, by part": "RDSS as released, {rows} rows, matrix times n², the rest times n",
}


class Kernel:
    """Similarities of rows at length 1."""

    def __init__(self, features, sigma, kind):
        z = features.astype(kind)
        self.z = z / np.sqrt(np.einsum("ij,ij->i", z, z))[:, None]
        self.sigma = sigma

    def columns(self, rows):
        s = self.z @ self.z[rows].T
        s -= 1
        s /= self.sigma * self.sigma
        return np.exp(s, out=s)

    @functools.cached_property
    def sums(self):
        """Of each row to the others."""
        strips = range(0, len(self.z), STRIP)
        return np.concatenate([self.columns(slice(at, at + STRIP)).sum(0) for at in strips]) - 1


def plain(features, sigma, alpha, budget):
    kernel = Kernel(features, sigma, np.float32)
    mean = alpha * kernel.sums / len(features)
    chosen, picks = np.zeros_like(mean), []
    for t in range(1, budget + 1):
        score = chosen / t - mean
        score[picks] = np.inf
        picks.append(int(score.argmin()))
        chosen += kernel.columns(picks[-1])
    return picks


class Released:
    """Picks of a checkout, and when it was done with the matrix."""

    def __init__(self, checkout):
        self.code = module("rdss", os.path.join(checkout, "RDSS.py"))

    def pick(self, features, sigma, alpha, budget):
        z = Kernel(features, sigma, np.float32).z
        gamma = 1 / (2 * sigma * sigma)
        self.first = None

        def kernel(rows, others=None):
            if others is None:
                return self.code.gaussiankernel(rows, gamma=gamma)
            self.first = self.first or time.perf_counter()
            return self.code.gaussiankernel(rows, others, gamma=gamma)[0, 0]

        with contextlib.redirect_stderr(io.StringIO()):  # its progress
            return [int(row) for row in self.code.khsample(z, kernel, budget, alpha)[0]]


def check(name, kernel, picks, alpha, ahead):
    """Alpha-MMD^2 of the picks, each of which is of the least S / t - alpha R / n, t being the number of
    those before it and `ahead`."""
    rows, budget = len(kernel.z), len(picks)
    assert len(set(picks)) == budget, f"{name}: a row twice"
    mean = alpha * kernel.sums / rows
    chosen, furthest = np.zeros(rows), 0.0
    for k, pick in enumerate(picks):
        score = chosen / max(k + ahead, 1) - mean
        score[picks[:k]] = np.inf
        furthest = max(furthest, score[pick] - score.min())
        chosen += kernel.columns(pick)
    assert furthest <= ROUNDING, f"{name}: a pick is {furthest:e} from the least"
    of_all = alpha * alpha * (kernel.sums + 1).mean() / rows
    value = chosen[picks].mean() / budget + of_all - 2 * (mean[picks] + alpha / rows).mean()
    print(f"{name}, {rows} rows: alpha-MMD^2 {value:.6e}, a pick at most {furthest:.1e} from the least")
    return value


def main():
    parser = argparse.ArgumentParser(description="Herding against its peers")
    parser.add_argument("--rows", type=int, default=SIZE[0])
    parser.add_argument("--dim", type=int, default=SIZE[1])
    parser.add_argument("--budget", type=int, default=SIZE[2])
    parser.add_argument("--released-rdss", metavar="PATH", help="a checkout of YanhuiAILab/RDSS")
    parser.add_argument("--released-rows", type=int, default=20_000)
    parser.add_argument("--slow-rounds", type=int, default=2, help="rounds of the peers")
    common.add_options(parser)
    options = parser.parse_args()
    budget, fewer = options.budget, options.released_rows
    if not 0 < budget < fewer <= options.rows:
        parser.error("--budget, --released-rows: 0 < budget < released rows <= rows expected")

    coresift = common.Coresift(options.binary or common.build())
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        common.clusters(path, options.rows, options.dim)
        features = np.load(path)

        def ours(path, features):
            """A kernel to check with, what the kernel and the picks are of, and alpha-MMD^2."""
            told = coresift.select(path, "herding", budget)[0]
            sigma, alpha = (told["herding"][name] for name in ("sigma", "alpha"))
            kernel = Kernel(features, sigma, np.float64)
            value = check("ours", kernel, told["picks"], alpha, 1)
            return kernel, (features, sigma, alpha, budget), told["picks"], value

        def timed(name, ahead, of, pick):
            """Seconds of a peer, and when it began; its answer is held against ours."""
            kernel, job, picks, value = of
            began = time.perf_counter()
            found = pick(*job)
            seconds = time.perf_counter() - began
            theirs = check(name, kernel, found, job[2], ahead)
            shared = 100 * len(set(found) & set(picks)) / budget
            print(f"ours over that of {name}: {value / theirs:.6f}; {shared:.1f} % of the picks in common")
            assert value <= 1.01 * theirs, f"{name}: {theirs:e}, ours {value:e}"
            return seconds, began

        whole = ours(path, features)
        peers = {"numpy": lambda: {"numpy": timed("numpy", 1, whole, plain)[0]}}
        if options.released_rdss:
            released = Released(options.released_rdss)
            part_path = os.path.join(folder, "part.npy")
            np.save(part_path, features[:fewer])
            part = ours(part_path, features[:fewer])
            grown = options.rows / fewer

            def call():
                seconds, began = timed("released", 0, part, released.pick)
                matrix = released.first - began
                by_part = matrix * grown**2 + (seconds - matrix) * grown
                return {"released, by n^2": seconds * grown**2, "released, by part": by_part}

            peers["released"] = call
        jobs = [("coresift", None, lambda: coresift.times(path, "herding", budget))]
        jobs += [(name, options.slow_rounds, call) for name, call in peers.items()]
        times = common.alternate(jobs, options.rounds)
        job = f"herding, {options.rows} x {options.dim} f32, {budget} picks"
        found = [name for name in NAMES if name in times]
        pairs = [(name, side) for side in (common.PROCESS, common.MEMORY) for name in found]
        common.report(f"{job}; seconds", times, pairs)
        at_size = (options.rows, options.dim, budget) == SIZE
        asked = {name: ASKED if at_size and name != "numpy" else None for name in found}
        named = {name: NAMES[name].format(rows=fewer) for name in found}
        comparisons = [(name, named[name], common.PROCESS, common.MEMORY, asked[name]) for name in found]
        common.record(options.record, job, times, comparisons)
        more = features.nbytes // 2 + 48 * 2**20  # the rows once more, at two bytes a value
        common.report_memory(coresift.peak_memory(path, "herding", budget), features.nbytes, more)


if __name__ == "__main__":
    main()
