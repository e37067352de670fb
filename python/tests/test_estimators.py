"""Selectors as estimators, in scikit-learn's manner."""

from __future__ import annotations

import copy
import inspect
import pickle

import numpy as np
import pytest

import coresift

SELECTORS = [
    coresift.Uniform,
    coresift.Norm,
    coresift.GramSchmidt,
    coresift.Sas,
    coresift.TypiClust,
    coresift.ProbCover,
    coresift.Coverage,
    coresift.FacilityLocation,
    coresift.Herding,
    coresift.KCenter,
    coresift.LogDet,
]

# What scikit-learn asks of estimators and these do otherwise, and why.
OTHERWISE = {
    "check_dtype_object": "arrays of objects are refused, as what is in them is not told by their type",
    "check_estimators_empty_data_messages": "the message is that of all front ends, in other words",
    "check_fit2d_1sample": "the message speaks of the budget: of one row no two can be picked",
    "check_fit2d_1feature": "rows of one value have one direction, among which ProbCover finds no distance",
    "check_estimators_dtypes": "of integers it makes rows of zeros, which have no direction",
    "check_sample_weights_pandas_series": "most selectors have no use for weights, and refuse them",
    "check_sample_weights_not_an_array": "see check_sample_weights_pandas_series",
    "check_sample_weights_list": "see check_sample_weights_pandas_series",
    "check_sample_weights_shape": "see check_sample_weights_pandas_series",
    "check_sample_weights_not_overwritten": "see check_sample_weights_pandas_series",
    "check_all_zero_sample_weights_error": "see check_sample_weights_pandas_series",
    "check_sample_weight_equivalence_on_dense_data": "a row that counts twice is not a row twice: picks are rows",
}


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_own_checks(selector):
    pytest.importorskip("sklearn", minversion="1.6")
    from sklearn.utils.estimator_checks import check_estimator

    estimator = selector(2, device="cpu")
    checks = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = {check["check_name"]: check["exception"] for check in checks if check["status"] == "failed"}
    unexpected = {name: error for name, error in failed.items() if name not in OTHERWISE}
    assert not unexpected
    assert sum(check["status"] == "passed" for check in checks) >= 34
    if selector is coresift.FacilityLocation:
        assert "check_sample_weights_list" not in failed


@pytest.mark.parametrize("selector", SELECTORS)
def test_parameters(selector):
    sklearn = pytest.importorskip("sklearn.base")
    made = selector(7, n_jobs=2)
    names = list(inspect.signature(selector).parameters)
    assert list(made.get_params()) == names
    other = sklearn.clone(made)
    assert other.get_params() == made.get_params()
    assert repr(made) == f"{selector.__name__}(budget=7, n_jobs=2)"
    assert pickle.loads(pickle.dumps(made)).get_params() == made.get_params()
    assert copy.deepcopy(made).set_params(budget=3).budget == 3
    with pytest.raises(ValueError, match="bugdet: no parameter of"):
        made.set_params(bugdet=3)


def test_parameters_within(X):
    sklearn = pytest.importorskip("sklearn.base")
    two = coresift.Then(20, first=coresift.TypiClust(), second=coresift.Norm(power=2.0), device="cpu")
    assert two.get_params()["second__power"] == 2.0
    two.set_params(second__power=3.0, first__seed=4)
    assert (two.second.power, two.first.seed) == (3.0, 4)
    picks = sklearn.clone(two).fit(X).ranking_
    direct = coresift.select(X, 20, "typiclust", then="norm", power=3.0, seed=4, device="cpu")
    assert picks.tolist() != direct.indices.tolist()  # whose norms are drawn by seed 4 as well
    two.set_params(second__seed=4)
    assert two.fit(X).ranking_.tolist() == direct.indices.tolist()
    with pytest.raises(TypeError, match="second: None found, a selector of one stage expected"):
        coresift.Then(3, first=coresift.Norm()).fit(X)


def test_what_is_fitted(X):
    pd = pytest.importorskip("pandas")
    made = coresift.GramSchmidt(30, weights="euclidean", device="cpu").fit(X)
    selection = made.selection_
    assert made.ranking_ is selection.indices
    assert made.gains_ is selection.scores
    assert made.weights_ is selection.weights
    assert made.weights_.sum() == len(X)
    assert (made.restarts_, made.shortfall_, made.n_features_in_) == ([0, 24], None, 24)
    assert not hasattr(made, "feature_names_in_")
    short = coresift.GramSchmidt(30, on_exhaustion="stop", device="cpu").fit(pd.DataFrame(X).add_prefix("f"))
    assert short.shortfall_ == (6, "the picks span every row")
    assert short.feature_names_in_.tolist() == [f"f{at}" for at in range(24)]
    with pytest.warns(coresift.SelectionWarning, match="point so nearly the same way"):
        coresift.FacilityLocation(5, device="cpu").fit(X + np.float32(1e5))


def test_resampled(X, y):
    pd = pytest.importorskip("pandas")
    made = coresift.Coverage(25, device="cpu")
    rows, labels = made.fit_resample(X, y)
    picks = made.ranking_
    assert np.array_equal(rows, X[picks])
    assert np.array_equal(labels, y[picks])
    frame, names = pd.DataFrame(X, index=np.arange(600) + 1000), pd.Series(y, index=np.arange(600) + 1000)
    rows, labels = made.fit_resample(frame, names)
    assert rows.index.tolist() == labels.index.tolist() == (picks + 1000).tolist()
    assert np.array_equal(made.fit_resample(X), X[picks])


def test_seed_by_either_name(X):
    assert (
        coresift.Norm(20, random_state=5, device="cpu").fit(X).ranking_.tolist()
        == coresift.Norm(20, seed=5, device="cpu").fit(X).ranking_.tolist()
        == coresift.Norm(np.int64(20), seed=np.int32(5), device="cpu").fit(X).ranking_.tolist()
    )


def test_on_a_pool(X, y):
    with coresift.Pool(X, device="cpu", exclude=[3, 4]) as pool:
        made = coresift.Sas(20).fit(pool, classes=y)
        alone = coresift.Sas(20, device="cpu").fit(X, classes=y, exclude=[3, 4])
        assert made.ranking_.tolist() == alone.ranking_.tolist()
        for options, said in [
            ({"device": "cpu,cpu"}, "device: a Pool found"),
            ({"n_jobs": 1}, "n_jobs: a Pool found"),
            ({"center": True}, "center: a Pool found"),
        ]:
            with pytest.raises(ValueError, match=said):
                coresift.Sas(20, **options).fit(pool)
        assert coresift.Sas(20, device="cpu").fit(pool, classes=y).ranking_.tolist() == made.ranking_.tolist()
        with pytest.raises(ValueError, match="exclude: a Pool found"):
            coresift.Sas(20).fit(pool, exclude=[1])


@pytest.mark.parametrize(
    ("selector", "fit", "error", "said"),
    [
        (coresift.Norm(None), {}, TypeError, "budget: None found, a whole number from 0 up expected"),
        (coresift.Norm(-1), {}, ValueError, "budget: -1 found, a whole number from 0 up expected"),
        (coresift.Norm(1.5), {}, ValueError, "budget: 1.5 found, a count or a share above 0.0 and up to 1.0"),
        (coresift.Norm(0.0), {}, ValueError, "budget: 0.0 found"),
        (coresift.Norm(True), {}, ValueError, "budget: True found"),
        (coresift.Norm(601), {}, ValueError, "budget: 601 picks asked for, at most 600 expected"),
        (coresift.Norm("5"), {}, TypeError, "budget: '5' found"),
        (coresift.Norm(5, norm="l3"), {}, ValueError, 'norm: "l3" found, l1, l2 or linf expected'),
        (coresift.Norm(5, power=100), {}, ValueError, "power: 100 found"),
        (coresift.Norm(5, power="two"), {}, TypeError, "power: 'two' found"),
        (coresift.Norm(5, seed=-1), {}, ValueError, "seed: -1 found, a whole number from 0 up expected"),
        (coresift.Norm(5, min_per_class=2), {}, ValueError, "min_per_class: no classes found"),
        (coresift.Norm(5, device="tpu"), {}, ValueError, 'device: .*"tpu"'),
        (coresift.Norm(5, memory="much"), {}, ValueError, "memory: 'much' found, bytes or a size such as '4GiB'"),
        (coresift.Norm(5, n_jobs=0), {}, ValueError, "n_jobs: 0 found, None, -1 or a number from 1 up expected"),
        (coresift.Norm(5, weights="l1"), {}, ValueError, 'weights: "l1" found, euclidean or cosine expected'),
        (coresift.Norm(5), {"labelled": [600]}, ValueError, "labelled: row 600 found, indices below 600 expected"),
        (coresift.Norm(5), {"labelled": [1, 1]}, ValueError, "labelled: row 1 found twice"),
        (coresift.Norm(5), {"labelled": [-1]}, ValueError, "labelled: -1 found, numbers of rows from 0 up"),
        (coresift.Norm(5), {"labelled": [0.5]}, TypeError, "labelled: values of type float64 found"),
        (coresift.Norm(5), {"labelled": [[1]]}, ValueError, "labelled: an array of shape"),
        (coresift.Norm(5), {"labelled": np.zeros(3, bool)}, ValueError, "labelled: a mask of 3 rows found, 600"),
        (coresift.Norm(5), {"exclude": [600]}, ValueError, "exclude: row 600 found, indices below 600 expected"),
        (coresift.Norm(5), {"exclude": [2], "labelled": [2]}, ValueError, "labelled: row 2, which is left out, found"),
        (coresift.Norm(5), {"classes": [0, 1]}, ValueError, "classes: 2 entries found, one for each of 600 rows"),
        (coresift.Norm(5), {"classes": [None] * 600}, ValueError, "classes: a missing label found"),
        (coresift.Norm(5), {"classes": [np.nan] * 600}, ValueError, "classes: nan found"),
        (coresift.Norm(5), {"classes": coresift.Prompts(np.ones((2, 3)))}, ValueError, "prompts: rows of 3 values"),
        (coresift.Norm(5), {"classes": coresift.FewLabels([1], [0])}, ValueError, "few labels: "),
        (coresift.Norm(5), {"y": [1, 2]}, ValueError, "y: 2 entries found, one for each of 600 rows expected"),
        (coresift.TypiClust(5), {"classes": np.zeros(600, int)}, ValueError, "classes: TypiClust found"),
        (coresift.TypiClust(5, clusters=[1, 2]), {}, ValueError, "clusters: 2 entries found"),
        (coresift.Norm(5), {"sample_weight": np.ones(600)}, ValueError, "sample_weight: Norm found"),
        (coresift.FacilityLocation(5), {"sample_weight": [1.0]}, ValueError, "sample_weight: an array of shape"),
        (coresift.FacilityLocation(5), {"sample_weight": -np.ones(600)}, ValueError, "weights: "),
        (coresift.Sas(5, views=7), {}, ValueError, "views: "),
        (coresift.Sas(5, views=2), {"exclude": [1]}, ValueError, "views: exclude or skip_invalid found"),
        (coresift.Coverage(5, sigma="wide"), {}, ValueError, 'sigma: "wide" found'),
        (coresift.ProbCover(5, delta=3.0), {}, ValueError, "delta: 3"),
        (coresift.Norm(5, progress=False), {"labels": 1}, TypeError, "labels"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_by_its_name(X, selector, fit, error, said):
    if selector.device == "auto":
        selector.set_params(device="cpu")
    with pytest.raises(error, match=said):
        selector.fit(X, **fit)


def test_closed_pools(X):
    pool = coresift.Pool(X, device="cpu")
    assert repr(pool) == "Pool(600 rows x 24, device='cpu')"
    pool.close()
    pool.close()
    assert repr(pool) == "Pool(closed)"
    with pytest.raises(ValueError, match="pool: closed, an open one expected"):
        coresift.select(pool, 3, "norm")


def test_selections_stand_for_arrays(X):
    selection = coresift.select(X, 5, "norm", device="cpu")
    assert X[selection].shape == (5, 24)
    assert np.array_equal(np.asarray(selection), selection.indices)
    assert np.asarray(selection, dtype=np.int32).dtype == np.int32
    assert list(selection) == selection[:].tolist()
    assert selection[0] == selection.indices[0]
    assert len(selection) == 5
    three = coresift.select(np.eye(3, dtype=np.float32)[:2], 2, "max-norm", device="cpu")
    assert repr(three) == "Selection([0, 1])"
