"""What SAS picks first of each class, and what it leaves. Usage: python sas_by_class.py FOLDER"""

import sys
from pathlib import Path

import matplotlib
from sklearn.datasets import load_digits

import coresift

matplotlib.use("Agg")
from matplotlib import pyplot as plt

SHOWN = 6

X, y = load_digits(return_X_y=True)
kept = coresift.Sas(0.2).fit(X, classes=y)
# The other end: in each class the rows that add least.
worst = coresift.Sas(0.2, worst=True, refine="none").fit(X, classes=y)

figure, axes = plt.subplots(10, 2 * SHOWN + 1, figsize=(6.4, 5.2))
for digit, row in enumerate(axes):
    first = [pick for pick in kept.ranking_ if y[pick] == digit][:SHOWN]
    last = [pick for pick in worst.ranking_ if y[pick] == digit][:SHOWN]
    for cell, pick in zip(row, [*first, None, *last], strict=True):
        cell.set(xticks=[], yticks=[])
        if pick is None:
            cell.axis("off")
        else:
            cell.imshow(X[pick].reshape(8, 8), cmap="gray_r", interpolation="nearest")
    shares = kept.selection_.classes[digit]
    row[0].set_ylabel(f"{shares['picks']} of {shares['rows']}", rotation=0, ha="right", va="center", fontsize=7)
axes[0, SHOWN // 2].set_title("picked first", fontsize=9)
axes[0, SHOWN + 1 + SHOWN // 2].set_title("adding least", fontsize=9)
figure.subplots_adjust(left=0.1, right=0.99, top=0.94, bottom=0.01, wspace=0.1, hspace=0.1)
figure.savefig(Path(sys.argv[1]) / "sas_by_class.png", dpi=75)
