"""Near-duplicates among the digits, each beside the row that is kept. Usage: python duplicates.py FOLDER"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
from sklearn.datasets import load_digits

import coresift

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SHOWN = 8
THRESHOLDS = [0.9, 0.925, 0.95, 0.975, 0.98, 0.985, 0.99, 0.995]

X, y = load_digits(return_X_y=True)
with coresift.Pool(X) as pool:
    left = [len(coresift.duplicates(pool, threshold).kept) for threshold in THRESHOLDS]
    found = coresift.duplicates(pool, 0.98)

figure = plt.figure(figsize=(6.4, 2.6))
grid = figure.add_gridspec(2, SHOWN + 5)
ax = figure.add_subplot(grid[:, :4])
ax.plot(THRESHOLDS, left, ".-")
ax.set(xlabel="threshold", ylabel="rows kept", ylim=(0, 1.05 * len(X)))
for column, row in enumerate(found.dropped[:SHOWN]):
    cosine = X[row] @ X[found.of[row]] / np.linalg.norm(X[row]) / np.linalg.norm(X[found.of[row]])
    for line, (name, shown) in enumerate([("dropped", row), ("kept", found.of[row])]):
        cell = figure.add_subplot(grid[line, 5 + column])
        cell.imshow(X[shown].reshape(8, 8), cmap="gray_r", interpolation="nearest")
        cell.set(xticks=[], yticks=[])
        if column == 0:
            cell.set_ylabel(name, fontsize=8)
        if line == 0:
            cell.set_title(f"{cosine:.3f}", fontsize=7)
figure.subplots_adjust(left=0.1, right=0.99, bottom=0.2, top=0.92)
figure.savefig(Path(sys.argv[1]) / "duplicates.png", dpi=75)
