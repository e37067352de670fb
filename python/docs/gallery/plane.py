"""Picks of several methods side by side, of rows in the plane. Usage: python plane.py FOLDER"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import make_blobs

import coresift

matplotlib.use("Agg")
from matplotlib import pyplot as plt

METHODS = ["random", "gram-schmidt", "k-center", "herding", "typiclust", "coverage"]

# Clusters of different sizes, and some rows far from all. Several methods go by directions, so the plane is drawn on a
# sphere: a third value that brings each row to length 1.
plane, _ = make_blobs([300, 150, 60, 30], centers=[(-4, -2), (3, 3), (4, -4), (-3, 4)], random_state=0)
plane = np.concatenate([plane, [(9, 9), (-9, 8), (0, -9)]]) / 15
X = np.column_stack([plane, np.sqrt(1 - (plane**2).sum(axis=1))])

figure, axes = plt.subplots(2, 3, figsize=(6.4, 4.4), sharex=True, sharey=True)
with coresift.Pool(X) as pool:
    for method, ax in zip(METHODS, axes.flat, strict=True):
        picks = coresift.select(pool, 8, method)
        ax.plot(*plane.T, ".", color="0.75", markersize=2)
        ax.plot(*plane[picks].T, "o", color="tab:red", markersize=5)
        ax.set_title(method, fontsize=9)
        ax.set(xticks=[], yticks=[], aspect="equal")
figure.tight_layout()
figure.savefig(Path(sys.argv[1]) / "plane.png", dpi=75)
