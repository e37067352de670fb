"""What subsets are worth: a linear probe, and the nearest pick, with nothing but the picks to learn from.

    pip install numpy scikit-learn
    cargo build --release
    python examples/linear_probe.py [FEATURES.npy ...] [--rows N] [--budgets 10,20] [--seeds 20]
        [--methods NAME,NAME] [--against NAME,NAME] [--binary PATH]

For every seed the pool is split anew: `--rows`, by default two thirds, to select from, and the rest to
test on. Each method picks 10, 20 ... 60 rows of the former by `coresift select`, without labels. Then
labels are told of the picks, and two classifiers are scored on the test rows: a multinomial logistic
regression fitted to the picks, and the label of the pick that is nearest. All methods and budgets of
a seed share its split, so they are compared by their difference from a method seed by seed; in brackets
stands the standard error of its mean over seeds. Printed as Markdown tables, one for each pool, score
and method of `--against`: accuracy in per cent for that method, differences in points for the others,
by budget and over all budgets.

Labels of FEATURES.npy are looked for in FEATURES_labels.npy. Without a path: both pools of
`examples/data`, on which all methods take a minute or two at 20 seeds.

Both see the features over one number, the root mean square length of the rows to select from, the
probe at C = 10: lengths and directions are to each other as they were when rows were picked.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(ROOT, "examples", "data")
POOLS = [os.path.join(DATA, f"{name}.npy") for name in ("digits", "fmnist_simclr_2000")]
SCORES = ("a linear probe", "the nearest pick")
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


def accuracies(train, labels, test, test_labels):
    """In per cent, as SCORES has them."""
    found = [KNeighborsClassifier(1)]
    if len(np.unique(labels)) > 1:  # else nothing to fit: the one class is the answer
        found.insert(0, LogisticRegression(C=10, max_iter=2000))
    right = [100 * model.fit(train, labels).score(test, test_labels) for model in found]
    return right[0], right[-1]


def compare(options, features, labels, methods):
    """Accuracies in per cent: score x method x seed x budget."""
    rows = options.rows or 2 * len(features) // 3
    result = np.empty((len(SCORES), len(methods), options.seeds, len(options.budgets)))
    with tempfile.TemporaryDirectory(prefix="coresift-probe-") as folder:
        path = os.path.join(folder, "train.npy")
        for seed in range(options.seeds):
            if sys.stderr.isatty():
                print(f"\rseed {seed + 1} of {options.seeds}", end="", file=sys.stderr)
            order = np.random.default_rng(seed).permutation(len(features))
            pool, held_out = order[:rows], order[rows:]
            np.save(path, features[pool])
            x = features / np.sqrt(np.square(features[pool]).sum(1).mean())
            for m, method in enumerate(methods):
                for b, budget in enumerate(options.budgets):
                    chosen = pool[select(options.binary, path, method, budget, seed)]
                    result[:, m, seed, b] = accuracies(
                        x[chosen], labels[chosen], x[held_out], labels[held_out]
                    )
    return result


def with_error(values):
    """Mean over seeds and its standard error."""
    return values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))


def table(budgets, methods, against, result):
    """Of one score."""
    over_all = result.mean(2, keepdims=True)
    result = np.concatenate([result, over_all], axis=2)
    base = methods.index(against)
    lines = [["", *map(str, budgets), "all"], ["---", *["---:"] * (len(budgets) + 1)]]
    for m, method in enumerate(methods):
        values = result[m] if m == base else result[m] - result[base]
        shown = "{:.1f} ({:.1f})" if m == base else "{:+.1f} ({:.1f})"
        lines.append([method, *(shown.format(*pair) for pair in zip(*with_error(values)))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def known(parser, option, names):
    """The methods that are named, in a list with commas."""
    names = names.split(",")
    if unknown := [name for name in names if name not in METHODS]:
        parser.error(f"{option}: {', '.join(unknown)} found, of {', '.join(METHODS)} expected")
    return names


def whole_numbers(text):
    return [int(number) for number in text.split(",")]


def read(parser, path, options):
    """Features and labels, of enough rows."""
    features = np.load(path).astype(np.float32)
    rows = options.rows or 2 * len(features) // 3
    if not 0 < rows < len(features):
        parser.error(f"--rows: {rows} found, 1 to {len(features) - 1} expected: {path} has one more")
    if max(options.budgets) > rows:
        parser.error(f"--budgets: {max(options.budgets)} found, at most the {rows} rows to select from expected")
    return features, np.load(f"{path.removesuffix('.npy')}_labels.npy")


def main():
    parser = argparse.ArgumentParser(description="Accuracy from nothing but the picks of every method")
    parser.add_argument("features", nargs="*", default=POOLS, metavar="FEATURES.npy")
    parser.add_argument("--rows", type=int, metavar="N", help="to select from; default: two thirds")
    parser.add_argument("--budgets", type=whole_numbers, default="10,20,30,40,50,60", metavar="N,N")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--methods", default=",".join(METHODS), metavar="NAME,NAME")
    parser.add_argument("--against", default="random", metavar="NAME,NAME")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "release", "coresift"))
    options = parser.parse_args()
    # few picks of many classes are what this is about
    warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%")
    against = known(parser, "--against", options.against)
    methods = list(dict.fromkeys(against + known(parser, "--methods", options.methods)))
    if options.seeds < 2:
        parser.error("--seeds: at least 2 expected, for an error to be told")
    if not os.path.exists(options.binary):
        parser.error(f"--binary: no {options.binary} found; cargo build --release makes it")
    for path in options.features:
        result = compare(options, *read(parser, path, options), methods)
        for score, of_score in zip(SCORES, result):
            for base in against:
                name = f"{os.path.basename(path)}, {options.seeds} splits, {score}"
                print(f"\n{name}: accuracy of {base}, and what others add\n")
                print(table(options.budgets, methods, base, of_score), flush=True)


if __name__ == "__main__":
    main()
