"""Writes a pool larger than memory: clusters after ReLU, f32, as .npy.

    python benches/large/make.py x.npy 15000000 512

Rows of a block are those of the first, each times a factor of its own and with a value of its own: no two are
alike, and the file is written as fast as a disk takes it.
"""

import sys

import numpy as np

BLOCK = 1 << 15


def main(path, rows, dim):
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((64, dim), dtype=np.float32)
    first = rng.standard_normal((BLOCK, dim), dtype=np.float32) + centres[rng.integers(0, 64, BLOCK)]
    np.maximum(first, 0, out=first)
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, dim))
    offset, shape = out.offset, out.shape
    del out
    with open(path, "r+b") as file:
        file.seek(offset)
        for at in range(0, shape[0], BLOCK):
            count = min(BLOCK, rows - at)
            block = first[:count] * rng.uniform(0.5, 2, (count, 1)).astype(np.float32)
            block[np.arange(count), rng.integers(0, dim, count)] += rng.uniform(0, 1, count).astype(np.float32)
            block.tofile(file)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
