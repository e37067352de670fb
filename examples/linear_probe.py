"""What subsets are worth: accuracy of a linear probe trained on nothing but the picks.

    pip install numpy scikit-learn
    cargo build --release
    python examples/linear_probe.py [FEATURES.npy ...] [--seeds 20] [--methods NAME,NAME] [--binary PATH]

For every seed the pool is split anew, two thirds to select from and one third to test on. Each method
picks 10, 20 ... 60 rows of the former by `coresift select`, without labels; a multinomial logistic
regression is fitted to the picks, with labels, and scored on the test rows. All methods and budgets of
a seed share its split, so they are compared by their difference from `random` seed by seed; in brackets
stands the standard error of its mean over seeds. Printed as a Markdown table a pool: accuracy in per
cent for `random`, differences in points for the others, by budget and over all budgets.

Labels of FEATURES.npy are looked for in FEATURES_labels.npy. Without a path: both pools of
`examples/data`, on which all methods take a minute or two at 20 seeds.

The probe sees the features over one number, the root mean square length of the rows to select from, at
C = 10: lengths and directions are to each other as they were when rows were picked.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
from sklearn.linear_model import LogisticRegression

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(ROOT, "examples", "data")
POOLS = [os.path.join(DATA, f"{name}.npy") for name in ("digits", "fmnist_simclr_2000")]
BUDGETS = range(10, 70, 10)
THEN_NORM = ("--then", "norm", "--oversample", "2")
METHODS = {
    "random": ("random",),
    "max-norm": ("max-norm",),
    "norm": ("norm",),
    "gram-schmidt": ("gram-schmidt",),
    "typiclust": ("typiclust",),
    "coverage": ("coverage",),
    "typiclust then norm": ("typiclust", *THEN_NORM),
    "probcover": ("probcover", "--delta", "auto"),
    "probcover then norm": ("probcover", "--delta", "auto", *THEN_NORM),
}


def select(binary, path, method, budget, seed):
    """Picks of `coresift select`; what it has to say against it goes to our own stderr."""
    name, *options = METHODS[method]
    command = [binary, "select", path, "--method", name, "--budget", str(budget), "--seed", str(seed)]
    command += ["--device", "cpu", "--quiet", *options]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    picks = [int(line) for line in told.split()]
    assert len(set(picks)) == budget, f"{method}: {len(set(picks))} rows for a budget of {budget}"
    return picks


def accuracy(train, labels, test, test_labels):
    if len(np.unique(labels)) == 1:  # nothing to fit: the one class is the answer
        return (test_labels == labels[0]).mean()
    probe = LogisticRegression(C=10, max_iter=2000).fit(train, labels)
    return (probe.predict(test) == test_labels).mean()


def split(rows, seed):
    order = np.random.default_rng(seed).permutation(rows)
    return order[: 2 * rows // 3], order[2 * rows // 3 :]


def compare(binary, features, labels, methods, seeds):
    """Accuracies in per cent: method x seed x budget."""
    result = np.empty((len(methods), seeds, len(BUDGETS)))
    with tempfile.TemporaryDirectory(prefix="coresift-probe-") as folder:
        path = os.path.join(folder, "train.npy")
        for seed in range(seeds):
            if sys.stderr.isatty():
                print(f"\rseed {seed + 1} of {seeds}", end="", file=sys.stderr)
            rows, held_out = split(len(features), seed)
            np.save(path, features[rows])
            x = features / np.sqrt(np.square(features[rows]).sum(1).mean())
            for m, method in enumerate(methods):
                for b, budget in enumerate(BUDGETS):
                    chosen = rows[select(binary, path, method, budget, seed)]
                    right = accuracy(x[chosen], labels[chosen], x[held_out], labels[held_out])
                    result[m, seed, b] = 100 * right
    return result


def with_error(values):
    """Mean over seeds and its standard error."""
    return values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))


def table(methods, result):
    over_all = result.mean(2, keepdims=True)
    result = np.concatenate([result, over_all], axis=2)
    base = methods.index("random")
    lines = [["", *map(str, BUDGETS), "all"], ["---", *["---:"] * (len(BUDGETS) + 1)]]
    for m, method in enumerate(methods):
        known = result[m] if m == base else result[m] - result[base]
        shown = "{:.1f} ({:.1f})" if m == base else "{:+.1f} ({:.1f})"
        lines.append([method, *(shown.format(*pair) for pair in zip(*with_error(known)))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description="A linear probe on the picks of every method")
    parser.add_argument("features", nargs="*", default=POOLS, metavar="FEATURES.npy")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--methods", help=f"of {', '.join(METHODS)}; default: all")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "release", "coresift"))
    options = parser.parse_args()
    methods = list(METHODS) if options.methods is None else options.methods.split(",")
    if unknown := [method for method in methods if method not in METHODS]:
        parser.error(f"--methods: {', '.join(unknown)} found, of {', '.join(METHODS)} expected")
    if options.seeds < 2:
        parser.error("--seeds: at least 2 expected, for an error to be told")
    if not os.path.exists(options.binary):
        parser.error(f"--binary: no {options.binary} found; cargo build --release makes it")
    if "random" not in methods:
        methods.insert(0, "random")
    for path in options.features:
        features = np.load(path).astype(np.float32)
        labels = np.load(f"{path.removesuffix('.npy')}_labels.npy")
        result = compare(options.binary, features, labels, methods, options.seeds)
        name = os.path.basename(path)
        print(f"\n{name}, {options.seeds} splits: accuracy of random, and what others add\n")
        print(table(methods, result), flush=True)


if __name__ == "__main__":
    main()
