"""Norm sampling without replacement against numpy, on the CPU.

    python3 benches/peers/norm.py [--rows 1000000] [--dim 512] [--budget 10000]
                                  [--binary PATH] [--record FILE]

numpy's road: `np.linalg.norm(axis=1)`, then `Generator.choice(p=..., replace=False)`. Our process
reads the features from a file, so it is set against numpy with `np.load`; its own figure from
features in memory, their check included, against numpy's from there. Answers are checked before
anything is timed.
"""

import argparse
import os

import common

common.own_environment()

import numpy as np  # noqa: E402


def numpy_sample(features, budget, rng):
    length = np.linalg.norm(features, axis=1).astype(np.float64)
    return rng.choice(len(features), budget, replace=False, p=length / length.sum())


def expected(features, budget, seed):
    """The rows of smallest E_i / w_i, in order, with f64 norms."""
    weights = np.empty(len(features))
    for at in range(0, len(features), 10_000):
        block = features[at : at + 10_000].astype(np.float64)
        weights[at : at + 10_000] = np.sqrt(np.einsum("ij,ij->i", block, block))
    keys = common.exponentials(len(features), seed) / weights
    return np.argsort(keys, kind="stable")[:budget].tolist()


def main():
    parser = argparse.ArgumentParser(description="Norm sampling against numpy")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--budget", type=int, default=10_000)
    common.add_options(parser)
    options = parser.parse_args()
    budget = options.budget

    binary = options.binary or common.build()
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        common.clusters(path, options.rows, options.dim)
        features = np.load(path)
        coresift = common.Coresift(binary)
        assert coresift.select(path, "norm", budget)[0]["picks"] == expected(features, budget, 1)
        rng = np.random.default_rng(1)
        assert len(set(numpy_sample(features, budget, rng).tolist())) == budget

        def ours():
            return coresift.times(path, "norm", budget)

        def theirs():
            return {
                "numpy, from the file": common.timed(lambda: numpy_sample(np.load(path), budget, rng)),
                "numpy, in memory": common.timed(lambda: numpy_sample(features, budget, rng)),
            }

        times = common.alternate([("coresift", None, ours), ("numpy", None, theirs)], options.rounds)
        job = f"norm sampling, {options.rows} x {options.dim} f32, {budget} picks"
        pairs = [
            ("numpy, from the file", common.PROCESS),
            ("numpy, in memory", common.MEMORY),
        ]
        common.report(f"{job}; seconds", times, pairs)
        asked = 3 if (options.rows, options.dim) == (1_000_000, 512) else None
        comparisons = [
            ("numpy, from the file", "numpy, from the file", common.PROCESS, None, asked),
            ("numpy, in memory", "numpy, in memory", None, common.MEMORY, asked),
        ]
        common.record(options.record, job, times, comparisons)
        peak = coresift.peak_memory(path, "norm", budget)
        common.report_memory(peak, features.nbytes)


if __name__ == "__main__":
    main()
