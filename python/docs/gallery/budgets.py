"""Accuracy of a linear probe against the number of labels, by method. Usage: python budgets.py FOLDER"""

import sys
from pathlib import Path

import matplotlib
from sklearn.datasets import load_digits

import coresift

matplotlib.use("Agg")
from matplotlib import pyplot as plt

METHODS = ["random", "gram-schmidt", "herding", "typiclust", "coverage"]

X, y = load_digits(return_X_y=True)
compared = coresift.compare(X, y, METHODS, budgets=[10, 20, 30, 40, 50, 60], seeds=5)
figure, ax = plt.subplots(figsize=(4.8, 3.4))
for method, cells in zip(compared.methods, compared.summary["linear-probe"], strict=True):
    by_budget = cells[:-1]  # the last is over all budgets
    mean = [100 * cell["mean"] for cell in by_budget]
    error = [100 * cell["error"] for cell in by_budget]
    ax.errorbar(compared.budgets, mean, error, label=method, capsize=2, linewidth=1)
ax.set(xlabel="labels", ylabel="accuracy of a linear probe, %")
ax.legend(fontsize=8)
figure.tight_layout()
figure.savefig(Path(sys.argv[1]) / "budgets.png", dpi=75)
