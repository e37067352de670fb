"""Gram-Schmidt selection against what one would run instead, on the CPU.

    python3 benches/peers/gram_schmidt.py [--greedy] [--rows 50000] [--dim 512] [--budget 200]
                                          [--binary PATH] [--record FILE]

Without --greedy, row i being drawn in proportion to its residual length r_i:

    paper       Algorithm 1 as published: norms anew at every step, the matrix deflated in place
    down-dated  the same law; the matrix is only read, squared norms are down-dated
    rpcholesky  accelerated RPCholesky (Epperly, Tropp, Webber: Embrace rejection, 2024) on the
                linear kernel, whose columns are products of features. Draws in proportion to
                r_i^2, as published
    rpqr        the same paper's variant for a matrix given by its rows: an orthonormal basis of
                the picks takes the place of kernel columns and their factor. Same law
    mundig      lightly-mundig's diversity, farthest points: another rule for the same purpose.
                Its time begins with the features as it holds them, where it can be installed

With --greedy, the largest residual at every step:

    scipy       column-pivoted QR of the transpose (LAPACK's sgeqp3; it cannot stop early)

Answers are checked before anything is timed. numpy's times begin with the features in memory;
ours are of the whole process, which reads them from a file, and from there as well: its own figure,
which includes the check of the features.
"""

import argparse
import os

import common

MUNDIG = "lightly-mundig==0.1.16"
common.own_environment(".venv-gram-schmidt", optional=[MUNDIG])

import numpy as np  # noqa: E402
from scipy.linalg import qr  # noqa: E402

try:
    import lightly_mundig
except ImportError:
    lightly_mundig = None


def paper(features, budget, rng):
    f = features
    picks = []
    for _ in range(budget):
        length = np.linalg.norm(f, axis=1)
        p = length.astype(np.float64)
        p[picks] = 0.0
        pick = int(rng.choice(len(f), p=p / p.sum()))
        picks.append(pick)
        v = f[pick] / length[pick]
        f -= np.outer(f @ v, v)
    return picks, float(np.square(np.linalg.norm(f, axis=1), dtype=np.float64).sum())


def orthonormalised(x, basis):
    """x less its part in the span of the basis, at length 1; projected twice."""
    for _ in range(2):
        x = x - (x @ basis.T) @ basis
    return x / np.linalg.norm(x)


def down_dated(features, budget, rng):
    left = np.einsum("ij,ij->i", features, features)
    basis = np.empty((budget, features.shape[1]), np.float32)
    picks = []
    for k in range(budget):
        p = np.sqrt(left.astype(np.float64))
        pick = int(rng.choice(len(p), p=p / p.sum()))
        basis[k] = orthonormalised(features[pick], basis[:k])
        c = features @ basis[k]
        left = np.maximum(left - c * c, 0)
        picks.append(pick)
        left[picks] = 0.0
    return picks, float(left.sum(dtype=np.float64))


def keep(gram, u, rows, most):
    """Which of a block's proposals stand. They were drawn from the residuals at the block's start,
    whose Gram matrix is `gram`; in order, each is kept with probability (residual now) / (residual
    then), so that the kept follow the exact law."""
    then = gram.diagonal().copy()
    kept = []
    for i in range(len(rows)):
        if rows[i] not in rows[kept] and u[i] * then[i] < gram[i, i]:
            kept.append(i)
            if len(kept) == most:
                break
            gram -= np.outer(gram[:, i], gram[i] / gram[i, i])
    return kept


def proposals(left, rng, block):
    cumulated = np.cumsum(left, dtype=np.float64)
    return np.searchsorted(cumulated, rng.random(block) * cumulated[-1], side="right")


def rpcholesky(features, budget, rng, block):
    left = np.einsum("ij,ij->i", features, features)
    factor = np.empty((len(features), budget), np.float32)
    picks = []
    while (k := len(picks)) < budget:
        rows = proposals(left, rng, block)
        x, g = features[rows].astype(np.float64), factor[rows, :k].astype(np.float64)
        gram = x @ x.T - g @ g.T
        kept = keep(gram.copy(), rng.random(block), rows, budget - k)
        rows = rows[kept]
        columns = features @ features[rows].T - factor[:, :k] @ factor[rows, :k].T
        lower = np.linalg.cholesky(gram[np.ix_(kept, kept)])
        columns = columns @ np.linalg.inv(lower).T.astype(np.float32)
        left = np.maximum(left - np.einsum("ij,ij->i", columns, columns), 0)
        factor[:, k : k + len(kept)] = columns
        picks += rows.tolist()
        left[picks] = 0.0
    return picks, float(left.sum(dtype=np.float64))


def rpqr(features, budget, rng, block):
    left = np.einsum("ij,ij->i", features, features)
    basis = np.zeros((0, features.shape[1]), np.float32)
    picks = []
    while len(picks) < budget:
        rows = proposals(left, rng, block)
        x = features[rows].astype(np.float64)
        for _ in range(2):
            x -= (x @ basis.T) @ basis
        kept = keep(x @ x.T, rng.random(block), rows, budget - len(picks))
        new = np.linalg.qr(x[kept].T)[0].T.astype(np.float32)
        c = features @ new.T
        left = np.maximum(left - np.einsum("ij,ij->i", c, c), 0)
        basis = np.vstack([basis, new])
        picks += rows[kept].tolist()
        left[picks] = 0.0
    return picks, float(left.sum(dtype=np.float64))


def check_farthest(features, picks):
    """Each of the picks is farthest from those before it."""
    x = features.astype(np.float64)
    nearest = np.full(len(x), np.inf)
    for k, pick in enumerate(picks):
        assert k == 0 or nearest[pick] == nearest.max(), f"mundig: {k} is not the farthest"
        nearest = np.minimum(nearest, np.square(x - x[pick]).sum(1))


def energy_left(features, picks):
    """Squared distance of all rows from the picks' span, in f64."""
    x = features.astype(np.float64)
    basis = np.linalg.qr(x[picks].T)[0]
    return float((x * x).sum() - np.square(x @ basis).sum())


def check_peer(name, features, result):
    picks, energy = result
    assert len(set(picks)) == len(picks), f"{name}: a row twice"
    true = energy_left(features, picks)
    assert abs(energy - true) < 1e-3 * true, f"{name}: energy left {energy}, {true} expected"


def check_ours(coresift, features, path, folder, budget, first):
    picks = coresift.select(path, "gram-schmidt", budget, "--greedy")[0]["picks"]
    assert len(picks) == budget and picks[: len(first)] == first, "greedy: not the largest residuals"
    part = os.path.join(folder, "part.npy")
    np.save(part, features[:2000])
    picks = coresift.select(part, "gram-schmidt", budget)[0]["picks"]
    assert picks == common.gram_schmidt(features[:2000], budget, seed=1), "random: not the race's picks"


# A peer's name in a table, and how many times as long it must take at SIZE
SIZE = (50_000, 512, 200)
ASKED = {
    "paper": ("the paper's loop in numpy", 40),
    "down-dated": ("norms down-dated in numpy", 3),
    "rpcholesky": ("accelerated RPCholesky in numpy", 3),
    "rpqr": ("the same by rows", 3),
    "mundig": ("lightly-mundig's farthest points", 3),
    "scipy": ("scipy's pivoted QR", 20),
}


def main():
    parser = argparse.ArgumentParser(description="Gram-Schmidt selection against its peers")
    parser.add_argument("--greedy", action="store_true", help="against scipy's pivoted QR")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--budget", type=int, default=200)
    parser.add_argument("--slow-rounds", type=int, default=3, help="of the paper's loop and scipy")
    parser.add_argument("--block", type=int, default=120, help="proposals a block, rpcholesky and rpqr")
    common.add_options(parser)
    options = parser.parse_args()
    budget = options.budget
    if not 0 < budget < min(options.rows, options.dim):
        parser.error("--budget: below rows and dim expected")

    binary = options.binary or common.build()
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        common.clusters(path, options.rows, options.dim)
        features = np.load(path)
        coresift = common.Coresift(binary)
        first = common.gram_schmidt(features, min(8, budget))
        check_ours(coresift, features, path, folder, budget, first)

        rng = np.random.default_rng(1)
        flags = ["--greedy"] if options.greedy else []

        def ours():
            return coresift.times(path, "gram-schmidt", budget, *flags)

        def peer(name, select, *more, copy=False):
            """A job that times `select` and checks what it gave; copies are not timed."""

            def call():
                f = features.copy() if copy else features
                result = []
                seconds = common.timed(lambda: result.append(select(f, budget, rng, *more)))
                check_peer(name, features, result[0])
                return {name: seconds}

            return call

        def scipy():
            f = features.copy().T
            result = []
            seconds = common.timed(
                lambda: result.append(qr(f, mode="r", pivoting=True, overwrite_a=True)[1])
            )
            assert result[0][: len(first)].tolist() == first
            return {"scipy": seconds}

        def mundig():
            selection = lightly_mundig.Selection()
            selection.add_diversifying_strategy(features.tolist(), 1.0)
            result = []
            seconds = common.timed(
                lambda: result.append(selection.run_selection([], len(features), budget))
            )
            assert len(set(result[0])) == budget
            check_farthest(features, result[0][:4])
            return {"mundig": seconds}

        if options.greedy:
            peers = {"scipy": (options.slow_rounds, scipy)}
        else:
            peers = {
                "paper": (options.slow_rounds, peer("paper", paper, copy=True)),
                "down-dated": (None, peer("down-dated", down_dated)),
                "rpcholesky": (None, peer("rpcholesky", rpcholesky, options.block)),
                "rpqr": (None, peer("rpqr", rpqr, options.block)),
            }
            if lightly_mundig:
                peers["mundig"] = (None, mundig)
        jobs = [("coresift", None, ours)]
        jobs += [(name, rounds, call) for name, (rounds, call) in peers.items()]
        times = common.alternate(jobs, options.rounds)
        kind = "greedy Gram-Schmidt" if options.greedy else "Gram-Schmidt"
        job = f"{kind}, {options.rows} x {options.dim} f32, {budget} picks"
        pairs = [(name, common.PROCESS) for name in peers]
        pairs += [(name, common.MEMORY) for name in peers]
        common.report(f"{job}; seconds", times, pairs)
        full = (options.rows, options.dim, budget) == SIZE
        asked = {name: (ASKED[name][0], ASKED[name][1] if full else None) for name in peers}
        common.record(
            options.record,
            job,
            times,
            [(peer, name, common.PROCESS, common.MEMORY, ratio) for peer, (name, ratio) in asked.items()],
        )
        peak = coresift.peak_memory(path, "gram-schmidt", budget, *flags)
        common.report_memory(peak, features.nbytes)


if __name__ == "__main__":
    main()
