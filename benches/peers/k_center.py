"""k-center, farthest first, against what one would run instead, on the CPU.

    python3 benches/peers/k_center.py [--rows 50000] [--dim 512] [--budget 200] [--binary PATH] [--record FILE]

    mundig      lightly-mundig's diversity: it keeps every row's distance to the picks
    fpsample    its plain farthest-point sampling, which does the same; its other kinds are for points of
                few dimensions, or approximate

Both by Euclidean distance, in f32, from our first pick on. Answers are checked: each of our picks is the row
farthest from those before it, in f64, to a part in 10^9 of the squared distance; each of fpsample's to one in 10^6.
Of mundig's 199 picks some five are up to 2 in 10^4 nearer, and from there on it goes another way; it is held to one
in 10^3. Their times begin with the features as they hold them; ours are of the whole process, which reads them from
a file, and from there as well: its own figure, which includes the check of the features.
"""

import argparse
import os

import common

common.own_environment(".venv-k-center", optional=["lightly-mundig==0.1.16", "fpsample==1.0.2"])

import numpy as np  # noqa: E402

try:
    import lightly_mundig
except ImportError:
    lightly_mundig = None
try:
    import fpsample
except ImportError:
    fpsample = None

# How many times as long a peer must take at SIZE
SIZE = (50_000, 512, 200)
ASKED = 3
# How far a pick's squared distance may fall short of the largest, as a share of it
ROUNDING = {"mundig": 1e-3, "fpsample": 1e-6}
NAMES = {"mundig": "lightly-mundig's farthest points", "fpsample": "fpsample, plain"}


def check_farthest(name, features, picks, budget, rounding):
    """Each of the picks is farthest from those before it, as far as squared distances are rounded."""
    assert len(set(picks)) == budget, f"{name}: a row twice, or not the budget"
    x = features.astype(np.float64)
    squared = np.einsum("ij,ij->i", x, x)
    nearest = np.full(len(x), np.inf)
    for k, pick in enumerate(picks):
        most = nearest.max()
        assert k == 0 or nearest[pick] >= most * (1 - rounding), f"{name}: pick {k} is not the farthest"
        nearest = np.minimum(nearest, squared + squared[pick] - 2 * (x @ x[pick]))


def mundig(features):
    """What selects with features as it holds them: lists."""
    selection = lightly_mundig.Selection()
    selection.add_diversifying_strategy(features.tolist(), 1.0)
    return lambda first, budget: selection.run_selection([first], len(features), budget)


def plain(features):
    return lambda first, budget: fpsample.fps_sampling(features, budget, start_idx=first).tolist()


def main():
    parser = argparse.ArgumentParser(description="k-center against its peers")
    parser.add_argument("--rows", type=int, default=SIZE[0])
    parser.add_argument("--dim", type=int, default=SIZE[1])
    parser.add_argument("--budget", type=int, default=SIZE[2])
    common.add_options(parser)
    options = parser.parse_args()
    budget = options.budget
    if not 0 < budget < options.rows:
        parser.error("--budget: below rows expected")

    coresift = common.Coresift(options.binary or common.build())
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        common.clusters(path, options.rows, options.dim)
        features = np.load(path)
        picks = coresift.select(path, "k-center", budget)[0]["picks"]
        check_farthest("ours", features, picks, budget, 1e-9)

        def peer(name, made):
            def call():
                select = made(features)
                result = []
                seconds = common.timed(lambda: result.extend(select(picks[0], budget)))
                check_farthest(name, features, result, budget, ROUNDING[name])
                return {name: seconds}

            return call

        peers = {}
        if lightly_mundig:
            peers["mundig"] = peer("mundig", mundig)
        if fpsample:
            peers["fpsample"] = peer("fpsample", plain)
        jobs = [("coresift", None, lambda: coresift.times(path, "k-center", budget))]
        jobs += [(name, None, call) for name, call in peers.items()]
        times = common.alternate(jobs, options.rounds)
        job = f"k-center, {options.rows} x {options.dim} f32, {budget} picks"
        pairs = [(name, ours) for ours in (common.PROCESS, common.MEMORY) for name in peers]
        common.report(f"{job}; seconds", times, pairs)
        asked = ASKED if (options.rows, options.dim, budget) == SIZE else None
        common.record(
            options.record,
            job,
            times,
            [(name, NAMES[name], common.PROCESS, common.MEMORY, asked) for name in peers],
        )
        common.report_memory(coresift.peak_memory(path, "k-center", budget), features.nbytes)


if __name__ == "__main__":
    main()
