"""The picks of every method and option are those of the command line."""

from __future__ import annotations

import numpy as np
import pytest

import coresift

# Method, options here, options there.
CASES = [
    ("random", {"seed": 3}, ["--seed=3"]),
    ("norm", {}, []),
    ("norm", {"norm": "l1", "power": 2.5, "seed": 9}, ["--norm=l1", "--power=2.5", "--seed=9"]),
    ("norm", {"norm": "linf", "anti": True}, ["--norm=linf", "--anti"]),
    ("max-norm", {}, []),
    ("max-norm", {"norm": "l1", "anti": True}, ["--norm=l1", "--anti"]),
    ("gram-schmidt", {}, []),
    ("gram-schmidt", {"greedy": True, "norm": "l1"}, ["--greedy", "--norm=l1"]),
    ("gram-schmidt", {"power": 2.0, "seed": 4}, ["--power=2", "--seed=4"]),
    ("gram-schmidt", {"on_exhaustion": "stop"}, ["--on-exhaustion=stop"]),
    ("gram-schmidt", {"on_exhaustion": "norm"}, ["--on-exhaustion=norm"]),
    ("gram-schmidt", {"rank_tol": 0.1}, ["--rank-tol=0.1"]),
    ("gram-schmidt", {"ridge": 0.5}, ["--ridge=0.5"]),
    ("sas", {}, []),
    ("sas", {"threshold": None, "similarity": "dot"}, ["--threshold=none", "--similarity=dot"]),
    ("sas", {"threshold": 0.2, "refine": "none"}, ["--threshold=0.2", "--refine=none"]),
    ("sas", {"refine": "random-double-greedy", "seed": 5}, ["--refine=random-double-greedy", "--seed=5"]),
    ("sas", {"objective": "row-sum"}, ["--objective=row-sum"]),
    ("sas", {"worst": True, "storage": "on-the-fly"}, ["--worst", "--storage=on-the-fly"]),
    ("sas", {"views": 2}, ["--views=2"]),
    ("typiclust", {}, []),
    ("typiclust", {"neighbours": 5, "squared": True, "seed": 2}, ["--neighbours=5", "--squared", "--seed=2"]),
    ("typiclust", {"max_sweeps": 2, "tolerance": 0.01}, ["--max-sweeps=2", "--tolerance=0.01"]),
    ("probcover", {}, []),
    ("probcover", {"delta": 0.3}, ["--delta=0.3"]),
    ("probcover", {"clusters": 6, "seed": 1}, ["--clusters=6", "--seed=1"]),
    ("coverage", {}, []),
    ("coverage", {"refine": "swap", "sigma": "5nn"}, ["--refine=swap", "--sigma=5nn"]),
    ("coverage", {"refine": "none", "sigma": 0.4, "storage": "dense"}, ["--refine=none", "--sigma=0.4"]),
    ("facility-location", {}, []),
    ("facility-location", {"kernel": "cosine"}, ["--kernel=cosine"]),
    ("herding", {}, []),
    ("herding", {"kernel": "cosine", "alpha": 0.9}, ["--kernel=cosine", "--alpha=0.9"]),
    ("k-center", {}, []),
    ("k-center", {"metric": "cosine"}, ["--metric=cosine"]),
    ("log-det", {}, []),
    ("log-det", {"ridge": 0.01}, ["--ridge=0.01"]),
]


def same(selection: coresift.Selection, record: dict) -> None:
    assert selection.indices.tolist() == record["picks"]
    assert selection.scores.tolist() == record["scores"]
    assert selection.restarts == record["restarts"]
    assert selection.passes == record["passes"]
    short = record["shortfall"]
    assert selection.shortfall == (None if short is None else (short["count"], short["reason"]))


@pytest.mark.parametrize(("method", "options", "line"), CASES, ids=lambda case: str(case))
def test_every_method_and_option(run, X, method, options, line):
    selection = coresift.select(X, 40, method, device="cpu", **options)
    same(selection, run(X, f"--method={method}", "--budget=40", *line))


@pytest.mark.parametrize(
    "method",
    ["random", "norm", "gram-schmidt", "sas", "coverage", "facility-location", "herding", "k-center", "log-det"],
)
def test_classes(run, X, y, method):
    line = [f"--method={method}", "--budget=30", "--min-per-class=2"]
    selection = coresift.select(X, 30, method, classes=y, min_per_class=2, device="cpu")
    record = run(X, *line, classes=y)
    same(selection, record)
    kept = [{key: share[key] for key in ("class", "rows", "budget", "picks")} for share in record["classes"]]
    assert selection.classes == kept
    named = coresift.select(X, 30, method, classes=np.array(["a", "b", "c", "d"])[y], min_per_class=2, device="cpu")
    assert named.indices.tolist() == selection.indices.tolist()


def test_classes_from_elsewhere(run, X, tmp_path):
    selection = coresift.select(X, 30, "sas", classes=coresift.KMeans(5, seed=3), device="cpu")
    same(selection, run(X, "--method=sas", "--budget=30", "--clusters=5", "--seed=3"))
    prompts = np.random.default_rng(1).normal(size=(3, X.shape[1])).astype(np.float32)
    for center in (False, True):
        selection = coresift.select(
            X, 30, "norm", classes=coresift.Prompts(prompts), center=center, skip_invalid=True, device="cpu"
        )
        line = ["--method=norm", "--budget=30", "--skip-invalid", *(["--center"] if center else [])]
        same(selection, run(X, *line, prompts=prompts))
    rows, labels = np.array([3, 77, 400]), np.array([0, 1, 0])
    few = tmp_path / "few.csv"
    few.write_text("index,label\n" + "".join(f"{r},{c}\n" for r, c in zip(rows, labels, strict=True)))
    selection = coresift.select(X, 30, "sas", classes=coresift.FewLabels(rows, labels), device="cpu")
    same(selection, run(X, "--method=sas", "--budget=30", f"--few-labels={few}"))


@pytest.mark.parametrize(("first", "second"), [("typiclust", "norm"), ("norm", "gram-schmidt"), ("random", "coverage")])
def test_two_stages(run, X, first, second):
    line = [f"--method={first}", f"--then={second}", "--oversample=4", "--budget=25", "--seed=6"]
    selection = coresift.select(X, 25, first, then=second, oversample=4, seed=6, device="cpu")
    same(selection, run(X, *line))


def test_rows_labelled_left_out_and_weighed(run, X, tmp_path):
    labelled, exclude = np.array([5, 17, 200]), np.array([0, 44, 45, 599])
    weights = np.random.default_rng(3).random(600)
    odd = X.copy()
    odd[100, 3] = np.nan
    odd[321] = 0
    selection = coresift.select(
        odd,
        0.05,
        "facility-location",
        labelled=labelled,
        exclude=exclude,
        skip_invalid=True,
        sample_weight=weights,
        weights="cosine",
        device="cpu",
    )
    line = ["--method=facility-location", "--budget=5%", "--skip-invalid"]
    lists = {"labelled": labelled, "exclude": exclude, "target_weights": weights}
    record = run(odd, *line, f"--weights-out={tmp_path}/w.txt", **lists)
    same(selection, record)
    assert selection.weights.tolist() == record["weights"]
    assert selection.labelled_weights.tolist() == record["labelled_weights"]
    mask = np.zeros(600, dtype=bool)
    mask[exclude] = True
    again = coresift.select(odd, 29, "norm", exclude=mask, labelled=labelled, skip_invalid=True, device="cpu")
    line = ["--method=norm", "--budget=29", "--skip-invalid"]
    same(again, run(odd, *line, labelled=labelled, exclude=exclude))


def test_input_norms(run, X, tmp_path):
    inputs = np.random.default_rng(5).random((600, 7)).astype(np.float32)
    path = tmp_path / "inputs.npy"
    np.save(path, inputs)
    norms = np.sqrt((inputs.astype(np.float64) ** 2).sum(axis=1))
    selection = coresift.select(X, 20, "norm", input_norms=norms, device="cpu")
    same(selection, run(X, "--method=norm", "--budget=20", f"--input-features={path}"))


@pytest.mark.parametrize("dtype", ["float16", "float64"])
@pytest.mark.parametrize("center", [False, True])
def test_rounded_and_wide_values(run, X, dtype, center):
    rows = X.astype(dtype) + np.asarray(3, dtype)
    line = ["--method=gram-schmidt", "--budget=40", *(["--center"] if center else [])]
    selection = coresift.select(rows, 40, "gram-schmidt", center=center, device="cpu")
    same(selection, run(rows, *line))


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_threads_and_any_memory(X, threads):
    for method in ("coverage", "typiclust", "gram-schmidt"):
        whole = coresift.select(X, 40, method, device="cpu")
        bound = coresift.select(X.astype(np.float64), 40, method, device="cpu", n_jobs=threads, memory="20kB")
        assert bound.indices.tolist() == whole.indices.tolist()


def test_the_default_method_is_the_command_lines(run, X):
    same(coresift.select(X, 0.1, device="cpu"), run(X, "--budget=10%"))
