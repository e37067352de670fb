"""What selections are worth, comparisons, plans and near-duplicates: as the command line tells them."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pytest

import coresift


@pytest.fixture
def told(binary, tmp_path, X):
    """Runs a command on the rows and lists, and gives its JSON."""

    def run(command: str, *options: str, rows=X, **lists) -> dict:
        np.save(tmp_path / "x.npy", rows)
        line = [str(binary), command, str(tmp_path / "x.npy"), "--device=cpu", "--json", "--quiet", *options]
        for name, values in lists.items():
            path = tmp_path / f"{name}.npy"
            np.save(path, values)
            line.append(f"--{name.replace('_', '-')}={path}")
        if command == "plan":
            line.remove("--quiet")
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def without_file(measured: dict) -> dict:
    return {name: value for name, value in measured.items() if name != "file"}


def test_evaluate(told, X, y):
    picks = coresift.select(X, 40, device="cpu")
    terms = {"delta": 0.3, "fid_ridge": 0.5, "metric": "cosine"}
    line = ["--delta=0.3", "--fid-ridge=0.5", "--metric=cosine"]
    record = told("evaluate", *line, picks=picks.indices, labels=y, classes=y // 2)
    measured = coresift.evaluate(X, picks, y, classes=y // 2, device="cpu", **terms)
    assert measured == without_file(record["selections"][0])
    few = coresift.evaluate(X, picks[:1], device="cpu")
    assert few["fid"] is None
    assert few["left_out"][0]["measure"] == "fid"
    named = np.array(["a", "b", "c", "d"])[y]
    both = coresift.evaluate(X, {"all": picks, "some": picks[:20]}, named, device="cpu")
    assert list(both) == ["all", "some"]
    assert both["all"]["probe_accuracy"] == coresift.evaluate(X, picks, y, device="cpu")["probe_accuracy"]


def test_evaluate_on_other_rows(told, X, y, tmp_path):
    picks = coresift.select(X[:400], 30, device="cpu", exclude=[1, 2])
    record = told(
        "evaluate",
        rows=X[:400],
        picks=picks.indices,
        labels=y[:400],
        test_features=X[400:],
        test_labels=y[400:],
        exclude=np.array([1, 2]),
    )
    measured = coresift.evaluate(X[:400], picks, y[:400], X_test=X[400:], y_test=y[400:], exclude=[1, 2], device="cpu")
    assert measured == without_file(record["selections"][0])


def test_compare(told, X, y):
    methods = ["random", "norm", "typiclust then norm", "coverage"]
    line = ["--methods=random,norm,typiclust:then-norm,coverage", "--budgets=10,20", "--seeds=3"]
    record = told("compare", *line, labels=y)
    told_of = []
    compared = coresift.compare(
        X, y, methods, [10, 20], seeds=3, device="cpu", progress=lambda *step: told_of.append(step)
    )
    for score in record["summary"]:
        for at, method in enumerate(score["methods"]):
            cells = compared.summary[score["score"]][at]
            expected = [*method["budgets"], method["all"]]
            assert [cell["mean"] for cell in cells] == [cell["mean"] for cell in expected]
            assert [cell["error"] for cell in cells] == [cell["error"] for cell in expected]
    for split, expected in zip(compared.splits, record["splits"], strict=True):
        assert split["held_out"] == expected["held_out"]
        picks = [trial["picks"] for trials in split["trials"] for trial in trials]
        assert picks == [trial["picks"] for trial in expected["trials"]]
    assert len(compared.rows()) == 3 * 4 * 3
    assert "coverage" in repr(compared)
    own = coresift.compare(X, y, {"a": coresift.Norm(power=1.0), "b": coresift.Coverage()}, [10], seeds=2, device="cpu")
    assert own.methods == ["a", "b"]


@pytest.mark.parametrize("method", ["norm", "gram-schmidt", "sas", "typiclust", "coverage", "k-center"])
def test_plan(told, X, method):
    record = told("plan", f"--method={method}", "--budget=40")
    plan = coresift.plan(X, 40, method, device="cpu")
    assert plan["multiply_adds"] == record["multiply_adds"]
    assert plan["cost"]["passes"] == record["passes"]
    assert plan["depends_on_values"] == record["depends_on_values"]
    assert plan["cost"]["host_bytes"] < record["host_bytes"]


def test_plans_measure_once(X):
    first = coresift.plan(X, 40, "coverage", device="cpu", measure=True)["seconds"]
    assert 0 < first["least"] < first["likely"] < first["most"]
    assert coresift.plan(X, 40, "coverage", device="cpu")["seconds"] == first


def test_duplicates(told, X):
    rows = np.concatenate([X, X[:50] * 1.01, X[100:130] + 0.01]).astype(np.float32)
    priority = np.random.default_rng(0).random(len(rows))
    kept = coresift.duplicates(rows, 0.999, priority=priority, labelled=[3], exclude=[7], device="cpu")
    record = told("duplicates", "--threshold=0.999", rows=rows, priority=priority, labelled=[3], exclude=[7])
    assert kept.kept.tolist() == record["kept"]
    assert len(kept.dropped) + len(kept.kept) + 2 == len(rows)
    groups = coresift.duplicates(rows, 0.999, "groups", exclude=[7], device="cpu")
    pairs = coresift.duplicates(rows, 0.999, "pairs", exclude=[7], device="cpu")
    record = told("duplicates", "--threshold=0.999", "--give=pairs", rows=rows, exclude=[7])
    assert pairs.tolist() == record["pairs"]
    record = told("duplicates", "--threshold=0.999", "--give=groups", rows=rows, exclude=[7])
    assert groups.tolist() == record["groups"]


def test_what_is_wrong_is_told_by_its_name(X, y):
    for call, error, said in [
        (lambda: coresift.evaluate(X, [600], y, device="cpu"), ValueError, "picks: "),
        (lambda: coresift.evaluate(X, [1, 1], y, device="cpu"), ValueError, "picks: "),
        (lambda: coresift.evaluate(X, [], y, device="cpu"), ValueError, "picks: "),
        (lambda: coresift.evaluate(X, [1], y[:5], device="cpu"), ValueError, "y: 5 entries found"),
        (lambda: coresift.evaluate(X, [1], 0 * y, device="cpu"), ValueError, "y: a single label found"),
        (lambda: coresift.evaluate(X, [1], y, X_test=X, device="cpu"), ValueError, "y_test: None found"),
        (
            lambda: coresift.evaluate(X, [1], y, X_test=X[:, :3], y_test=y, device="cpu"),
            ValueError,
            "X_test: rows of 3 values found, 24 expected",
        ),
        (lambda: coresift.evaluate(X, [1], delta=3, device="cpu"), ValueError, "delta: 3 found"),
        (lambda: coresift.evaluate(X, [1], metric="l1", device="cpu"), ValueError, "metric: "),
        (lambda: coresift.compare(X, y, ["nrom"], [5], device="cpu"), ValueError, "did you mean 'norm'"),
        (lambda: coresift.compare(X, y, ["norm"], [5], seeds=1, device="cpu"), ValueError, "seeds: "),
        (lambda: coresift.compare(X, y, ["norm"], [5, 5], device="cpu"), ValueError, "budgets: "),
        (lambda: coresift.compare(X, y, ["norm", "norm"], [5], device="cpu"), ValueError, "contenders: "),
        (lambda: coresift.compare(X, y, ["norm"], [5], train=600, device="cpu"), ValueError, "train: "),
        (lambda: coresift.plan(X, 601, "norm", device="cpu"), ValueError, "budget: 601"),
        (lambda: coresift.plan(X, 5, "nrom", device="cpu"), ValueError, "did you mean 'norm'"),
        (lambda: coresift.duplicates(X, 1.5, device="cpu"), ValueError, "threshold: 1.5 found"),
        (lambda: coresift.duplicates(X, 0.9, "some", device="cpu"), ValueError, "give: "),
        (lambda: coresift.duplicates(X, 0.9, "pairs", labelled=[1], device="cpu"), ValueError, "labelled: give="),
    ]:
        with pytest.raises(error, match=said):
            call()
