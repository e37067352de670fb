"""Near-duplicates against faiss, on the CPU.

    python3 benches/peers/duplicates.py [--rows 100000] [--dim 512] [--threshold 0.95]
                                        [--binary PATH] [--record FILE]

faiss's road: rows over their lengths in an `IndexFlatIP`, and `range_search` of all of them; it finds every pair
twice, and each row itself, by f32 products. Ours gives every pair once, as told in f64. Answers are checked before
anything is timed: ours are all pairs that faiss finds a little below the threshold and that f64 confirms.
"""

import argparse
import os

import common

common.own_environment(".venv-faiss", ["faiss-cpu==1.15.1"])

import faiss  # noqa: E402
import numpy as np  # noqa: E402

FAISS = "faiss IndexFlatIP.range_search"


def near_copies(path, share=0.1, seed=1):
    """Puts copies of other rows, with noise of up to half the rows' own, in the place of some rows."""
    rng = np.random.default_rng(seed)
    features = np.lib.format.open_memmap(path, mode="r+")
    rows, dim = features.shape
    order = rng.permutation(rows)
    count = int(share * rows)
    to, of = order[:count], order[count + rng.integers(0, rows - count, count)]
    noise = rng.uniform(0, 0.5, (count, 1)) * rng.standard_normal((count, dim))
    features[to] = np.maximum(features[of] + noise, 0)
    features.flush()


def search(features, threshold):
    """faiss's answer: where each row's neighbours begin, and those."""
    z = features / np.linalg.norm(features, axis=1, keepdims=True)
    index = faiss.IndexFlatIP(features.shape[1])
    index.add(z)
    starts, _, rows = index.range_search(z, threshold)
    return starts, rows


def expected(features, threshold):
    """All pairs in order, settled in f64 where f32 may err; and the least distance of one to the threshold."""
    starts, columns = search(features, threshold - 1e-4)
    rows = np.repeat(np.arange(len(features)), np.diff(starts.astype(np.int64)))
    pairs = np.stack([rows, columns], 1)[rows < columns]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    a, b = (features[side].astype(np.float64) for side in pairs.T)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines = np.einsum("ij,ij->i", a, b) / lengths
    return pairs[cosines >= threshold], np.abs(cosines - threshold).min()


def main():
    parser = argparse.ArgumentParser(description="Near-duplicates against faiss")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--threshold", type=float, default=0.95)
    parser.add_argument("--slow-rounds", type=int, default=1, help="of faiss")
    common.add_options(parser)
    options = parser.parse_args()
    rows, dim, threshold = options.rows, options.dim, options.threshold

    binary = options.binary or common.build()
    with common.folder() as folder:
        path = os.path.join(folder, "features.npy")
        common.clusters(path, rows, dim)
        near_copies(path)
        features = np.load(path)
        coresift = common.Coresift(binary)
        command = coresift.duplicates(path, "--threshold", repr(threshold), "--give", "pairs")
        pairs, gap = expected(features, threshold)
        found = coresift.record(command)[0]["pairs"]
        assert gap > 1e-12, "a cosine too close to the threshold to tell"
        assert len(pairs) > rows // 100 and found == pairs.tolist(), "not all pairs"
        print(f"\n{len(pairs)} pairs, none within {gap / 2:.1g} of the threshold: ours are those")

        def ours():
            return coresift.times_of(command)

        def theirs():
            return {FAISS: common.timed(lambda: search(features, threshold))}

        jobs = [("coresift", None, ours), (FAISS, options.slow_rounds, theirs)]
        times = common.alternate(jobs, options.rounds)
        job = f"near-duplicates, {rows} x {dim} f32, a cosine of {threshold}"
        common.report(f"{job}; seconds", times, [(FAISS, common.PROCESS), (FAISS, common.MEMORY)])
        asked = 3 if (rows, dim, threshold) == (100_000, 512, 0.95) else None
        comparisons = [(FAISS, FAISS, common.PROCESS, common.MEMORY, asked)]
        common.record(options.record, job, times, comparisons)
        common.report_memory(coresift.peak_memory_of(command), features.nbytes)


if __name__ == "__main__":
    main()
