"""Ten digits picked by each method. Usage: python digits.py FOLDER"""

import sys
from pathlib import Path

import matplotlib
from sklearn.datasets import load_digits

import coresift

matplotlib.use("Agg")
from matplotlib import pyplot as plt

METHODS = [
    "random", "norm", "max-norm", "gram-schmidt", "sas", "typiclust", "probcover", "k-center", "coverage",
    "facility-location", "herding", "log-det",
]  # fmt: skip
BUDGET = 10

X, y = load_digits(return_X_y=True)
figure, axes = plt.subplots(len(METHODS), BUDGET, figsize=(6.4, 5.6))
with coresift.Pool(X) as pool:
    for method, row in zip(METHODS, axes, strict=True):
        picks = coresift.select(pool, BUDGET, method)
        for pick, cell in zip(picks, row, strict=True):
            cell.imshow(X[pick].reshape(8, 8), cmap="gray_r", interpolation="nearest")
            cell.set(xticks=[], yticks=[])
        row[0].set_ylabel(method, rotation=0, ha="right", va="center", fontsize=8)
        row[-1].set_title(f" {len(set(y[picks]))} classes", fontsize=8, x=1, y=0.2, ha="left")
figure.subplots_adjust(left=0.2, right=0.86, top=0.98, bottom=0.02, wspace=0.1, hspace=0.25)
figure.savefig(Path(sys.argv[1]) / "digits.png", dpi=75)
