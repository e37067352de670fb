"""Selectors as estimators: one class each, with the library's options, in scikit-learn's manner."""

from __future__ import annotations

import inspect
import warnings as python_warnings
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from . import _classes, _pool
from ._pool import Pool
from ._selection import Selection, SelectionWarning

# What is not an option of the selector itself: where the work is done, and on which rows.
_MACHINE = ("device", "memory", "device_memory", "n_jobs", "center", "skip_invalid")
_OTHERS = {"budget", "random_state", "weights", "progress", "clusters", "input_norms", *_MACHINE}


@dataclass(repr=False, eq=False)
class Selector:
    """What all selectors share: parameters, ``fit``, ``fit_resample``.

    Parameters
    ----------
    budget : int or float
        How many rows to pick: a count, or a share of all rows above 0.0 and up to 1.0, rounded down, to at least 1.
    weights : {"euclidean", "cosine"}, optional
        Weigh the picks by the rows that they stand for: those whose nearest they are, by this metric.
    progress : bool or callable
        Draw how far it has come, with tqdm where that is installed; or tell a callable of (what, done, total).
    device, memory, device_memory, n_jobs, center, skip_invalid
        As of Pool.
    """

    budget: int | float | None = None
    _: KW_ONLY
    weights: str | None = None
    progress: bool | Callable[[str, int, int | None], object] = False
    device: str = "auto"
    memory: int | str | None = None
    device_memory: int | str | None = None
    n_jobs: int | None = None
    center: bool = False
    skip_invalid: bool = False

    _method: ClassVar[str]
    _has_classes: ClassVar[bool] = True

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; of selectors among them theirs too, as ``first__budget``."""
        params = {name: getattr(self, name) for name in self._names()}
        if deep:
            for name, value in list(params.items()):
                if isinstance(value, Selector):
                    params.update({f"{name}__{key}": inner for key, inner in value.get_params().items()})
        return params

    def set_params(self, **params: Any) -> Any:
        """Sets parameters by name."""
        for name, value in params.items():
            outer, _, inner = name.partition("__")
            if outer not in self._names():
                raise ValueError(f"{name}: no parameter of {type(self).__name__} ({', '.join(self._names())})")
            if inner:
                getattr(self, outer).set_params(**{inner: value})
            else:
                setattr(self, outer, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        shown = [
            f"{name}={value!r}"
            for name, value in self.get_params(deep=False).items()
            if defaults[name].default is inspect.Parameter.empty or not _is_same(value, defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=None,
            classifier_tags=None,
            regressor_tags=None,
            input_tags=InputTags(),
        )

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        labelled: Any = None,
        exclude: Any = None,
        classes: Any = None,
    ) -> Any:
        """Chooses rows of ``X``.

        Parameters
        ----------
        X : array of shape (rows, values), or whatever else Pool takes; or a Pool
            The features.
        y : array of shape (rows,), optional
            Not used, but for its length to be checked. Labels by which to stratify are ``classes``.
        sample_weight : array of shape (rows,), optional
            How much each row counts for: in facility location, and in the weights of picks.
        labelled : array of int or bool, optional
            Rows that are labelled already: never picked, and taken into account.
        exclude : array of int or bool, optional
            Rows that are left out.
        classes : array of shape (rows,), KMeans, FewLabels or Prompts, optional
            Latent classes that share the budget.

        Returns
        -------
        self, with ``ranking_`` (the picks in order), ``gains_`` (the score that won each), ``weights_``,
        ``restarts_``, ``shortfall_``, ``selection_`` (all that is known), ``n_features_in_`` and, of rows whose
        columns have names, ``feature_names_in_``.
        """
        self._check(classes, sample_weight, exclude)
        if isinstance(X, Pool):
            self._refuse_terms(X, exclude)
            return self._fitted(X, y, sample_weight, labelled, classes)
        machine = {name: getattr(self, name) for name in _MACHINE}
        zeros = bool(self.skip_invalid) and self._by_direction()
        with Pool(X, exclude=exclude, skip_zeros=zeros, **machine) as pool:
            return self._fitted(pool, y, sample_weight, labelled, classes)

    def fit_resample(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """The rows of ``X`` that ``fit`` chooses, in pick order, and those of ``y`` where it is given; in
        imbalanced-learn's manner."""
        self.fit(X, y, **fit_params)
        picks = self.selection_.indices
        chosen = X.iloc[picks] if hasattr(X, "iloc") else np.asarray(X)[picks]
        if y is None:
            return chosen
        return chosen, y.iloc[picks] if hasattr(y, "iloc") else np.asarray(y)[picks]

    def _fitted(self, pool: Pool, y: Any, sample_weight: Any, labelled: Any, classes: Any) -> Any:
        if y is not None and len(y) != pool.rows:
            raise ValueError(f"y: {len(y)} entries found, one for each of {pool.rows} rows expected")
        rows = pool.shape[0] // getattr(self, "views", 1)
        selection = pool._select(
            self._options(),
            _pool.of(self.budget, rows),
            labelled=labelled,
            classes=classes,
            clusters=getattr(self, "clusters", None) if isinstance(self, TypiClust) else None,
            sample_weight=sample_weight,
            input_norms=getattr(self, "input_norms", None),
            weights=self.weights,
            progress=self.progress,
        )
        for text in selection.warnings:
            python_warnings.warn(text, SelectionWarning, stacklevel=4)
        self.selection_: Selection = selection
        self.ranking_ = selection.indices
        self.gains_ = selection.scores
        self.weights_ = selection.weights
        self.restarts_ = selection.restarts
        self.shortfall_ = selection.shortfall
        self.n_features_in_ = pool.shape[1]
        if pool.feature_names is not None:
            self.feature_names_in_ = np.asarray(pool.feature_names, dtype=object)
        return self

    def _options(self) -> dict[str, Any]:
        """The selector's own options, as the native part takes them."""
        options: dict[str, Any] = {"method": self._method}
        for name in self._names():
            if name not in _OTHERS:
                options[name] = _plain(getattr(self, name))
        random_state = getattr(self, "random_state", None)
        if random_state is not None:
            options["seed"] = _classes.whole(random_state, "random_state")
        elif "seed" in options:
            options["seed"] = _classes.whole(options["seed"], "seed")
        return options

    def _by_direction(self) -> bool:
        """Whether it goes by the directions of rows, so that a row of zeros has no place."""
        return self.weights == "cosine"

    def _check(self, classes: Any, sample_weight: Any, exclude: Any) -> None:
        """Refuses what does not go together, in the words of the arguments."""
        name = type(self).__name__
        if classes is not None and not self._has_classes:
            raise ValueError(f"classes: {name} found, which has none; None expected")
        if getattr(self, "min_per_class", 0) and classes is None:
            raise ValueError("min_per_class: no classes found, classes= expected")
        if sample_weight is not None and not isinstance(self, FacilityLocation) and self.weights is None:
            raise ValueError(f"sample_weight: {name} found, FacilityLocation, or weights=, expected")
        views = getattr(self, "views", 1)
        if views != 1 and (exclude is not None or self.skip_invalid):
            raise ValueError("views: exclude or skip_invalid found, neither expected (examples are whole)")
        if views != 1 and self.weights is not None:
            raise ValueError("weights: views found, one a row expected (a pick is then several rows)")

    def _refuse_terms(self, pool: Pool, exclude: Any) -> None:
        """Refuses what is said otherwise of rows that a pool has already."""
        defaults = inspect.signature(type(self).__init__).parameters
        for name in _MACHINE:
            own = getattr(self, name)
            if not _is_same(own, defaults[name].default) and not _is_same(own, pool._machine[name]):
                raise ValueError(f"{name}: a Pool found, which has its own; {name}= of the Pool expected")
        if exclude is not None:
            raise ValueError("exclude: a Pool found, which has its own; exclude= of the Pool expected")


@dataclass(repr=False, eq=False)
class Uniform(Selector):
    """Every subset is equally likely: the baseline.

    Parameters
    ----------
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    seed, random_state : int
        Seed of the draws; ``random_state`` is scikit-learn's name for it and counts where it is given.
    """

    _: KW_ONLY
    min_per_class: int = 0
    seed: int = 0
    random_state: int | None = None

    _method: ClassVar[str] = "uniform"


@dataclass(repr=False, eq=False)
class Norm(Selector):
    """Rows drawn in proportion to a norm, or the largest norms (Bar and Giryes, arXiv:2406.01086, eq. 1).

    ``gains_`` are the norms.

    Parameters
    ----------
    norm : {"l1", "l2", "linf"}
        Which norm.
    power : float
        Exponent of the weight, in (0, 64].
    input_norms : array of shape (rows,), optional
        Norms of the inputs that the features were made from, to divide by.
    anti : bool
        Weigh by the distance to the largest norm instead.
    greedy : bool
        Take the largest weights instead of drawing.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    seed, random_state : int
        Seed of the draws; ``random_state`` is scikit-learn's name for it and counts where it is given.
    """

    _: KW_ONLY
    norm: str = "l2"
    power: float = 1.0
    input_norms: Any = None
    anti: bool = False
    greedy: bool = False
    min_per_class: int = 0
    seed: int = 0
    random_state: int | None = None

    _method: ClassVar[str] = "norm"


@dataclass(repr=False, eq=False)
class GramSchmidt(Selector):
    """Rows drawn in proportion to what earlier picks leave of them, or the largest of that (Bar and Giryes,
    arXiv:2406.01086, Algorithm 1).

    ``gains_`` are the lengths of these residuals, ``restarts_`` where the picks spanned every row and it began anew.

    Parameters
    ----------
    norm : {"l2", "l1", "linf"}
        Norm of the residual that is the weight.
    power : float
        Exponent of the weight, in (0, 8].
    greedy : bool
        Take the largest residual instead of drawing.
    on_exhaustion : {"restart", "stop", "norm"}
        What follows when the picks span every row: begin anew, stop short, or draw the rest by length.
    rank_tol : float, optional
        Share of its own length under which a residual counts as rounding, in [1e-12, 1); by default what values of
        their precision can tell apart.
    ridge : float, optional
        Times the mean squared length that is added: residuals are then those of a ridge regression on the picks.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    seed, random_state : int
        Seed of the draws; ``random_state`` is scikit-learn's name for it and counts where it is given.
    """

    _: KW_ONLY
    norm: str = "l2"
    power: float = 1.0
    greedy: bool = False
    on_exhaustion: str = "restart"
    rank_tol: float | None = None
    ridge: float | None = None
    min_per_class: int = 0
    seed: int = 0
    random_state: int | None = None

    _method: ClassVar[str] = "gram-schmidt"


@dataclass(repr=False, eq=False)
class Sas(Selector):
    """In every latent class the rows most similar to the rest of it (Joshi and Mirzasoleiman, arXiv:2302.09195,
    Algorithm 1): the many to keep for contrastive learning.

    ``gains_`` are what each pick adds to the objective.

    Parameters
    ----------
    threshold : float or None
        Similarities up to this count as 0; None: all count, negative ones too.
    similarity : {"cosine", "dot"}
        What similarity is.
    objective : {"cut", "row-sum"}
        What is maximised: the graph cut, or static row sums as in the authors' released code.
    refine : {"top-up", "none", "double-greedy", "random-double-greedy"}
        What follows the greedy picks.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    views : int
        Rows that an example has, one after another: its augmented views. Picks are examples.
    worst : bool
        Pick what adds least, for ablations.
    storage : {"auto", "dense", "on-the-fly"}
        Whether similarities are kept. No pick depends on it.
    seed, random_state : int
        Seed of the randomised double greedy; ``random_state`` is scikit-learn's name for it.
    """

    _: KW_ONLY
    threshold: float | None = 0.0
    similarity: str = "cosine"
    objective: str = "cut"
    refine: str = "top-up"
    min_per_class: int = 0
    views: int = 1
    worst: bool = False
    storage: str = "auto"
    seed: int = 0
    random_state: int | None = None

    _method: ClassVar[str] = "sas"

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        options["all_similarities"] = self.threshold is None
        return options

    def _by_direction(self) -> bool:
        return self.similarity == "cosine" or super()._by_direction()


@dataclass(repr=False, eq=False)
class TypiClust(Selector):
    """In every cluster the row whose nearest neighbours are nearest (Hacohen, Dekel and Weinshall,
    arXiv:2202.02794).

    ``gains_`` are the typicalities: 1 over the mean distance to the nearest neighbours.

    Parameters
    ----------
    clusters : array of shape (rows,), optional
        Each row's cluster; those of k-means, as many as the budget asks for, by default.
    neighbours : int
        How many nearest rows make a row typical, from 1 to 64.
    squared : bool
        Average squared distances, as the authors' code.
    max_sweeps, tolerance : int, float, optional
        When the sweeps of k-means end.
    seed, random_state : int
        Seed of k-means; ``random_state`` is scikit-learn's name for it and counts where it is given.
    """

    _: KW_ONLY
    clusters: Any = None
    neighbours: int = 20
    squared: bool = False
    max_sweeps: int | None = None
    tolerance: float | None = None
    seed: int = 0
    random_state: int | None = None

    _method: ClassVar[str] = "typiclust"
    _has_classes: ClassVar[bool] = False

    def _by_direction(self) -> bool:
        return True


@dataclass(repr=False, eq=False)
class ProbCover(Selector):
    """The row with most rows near it that no pick has near yet (Yehuda, Dekel, Hacohen and Weinshall,
    arXiv:2205.11320, Algorithm 1).

    ``gains_`` are how many rows each pick newly covers.

    Parameters
    ----------
    delta : float or "auto"
        How near, between rows at length 1, in (0, 2]; by default the largest at which 95 % of the rows have only rows
        of their own cluster near them.
    clusters : int, optional
        Clusters for that; the number of classes serves best. By default as many as the budget.
    max_sweeps, tolerance : int, float, optional
        When the sweeps of k-means end.
    seed, random_state : int
        Seed of k-means; ``random_state`` is scikit-learn's name for it and counts where it is given.
    """

    _: KW_ONLY
    delta: float | str = "auto"
    clusters: int | None = None
    max_sweeps: int | None = None
    tolerance: float | None = None
    seed: int = 0
    random_state: int | None = None

    _method: ClassVar[str] = "probcover"
    _has_classes: ClassVar[bool] = False

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        options["clusters"] = self.clusters
        return options

    def _by_direction(self) -> bool:
        return True


@dataclass(repr=False, eq=False)
class KCenter(Selector):
    """The row farthest from all picks, again and again (Gonzalez, 1985; Sener and Savarese, arXiv:1708.00489).

    ``gains_`` are the distances to the nearest earlier pick; ``selection_.details["radii"]`` those of the rows that
    are farthest after each pick.

    Parameters
    ----------
    metric : {"euclidean", "cosine"}
        How far two rows are apart.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    """

    _: KW_ONLY
    metric: str = "euclidean"
    min_per_class: int = 0

    _method: ClassVar[str] = "k-center"

    def _by_direction(self) -> bool:
        return self.metric == "cosine" or super()._by_direction()


@dataclass(repr=False, eq=False)
class Coverage(Selector):
    """Rows to which all are similar, moved to the middle of what they stand for: the few to label.

    Parameters
    ----------
    refine : {"lloyd", "swap", "none"}
        What becomes of the greedy picks: k-means begins at them, they are swapped while that raises the objective, or
        nothing.
    sigma : float or str
        The bandwidth of the kernel, of rows at length 1: a number, ``"20nn"`` for 20 neighbours, or ``"auto"``.
    storage : {"auto", "dense", "on-the-fly"}
        Whether similarities are kept. No pick depends on it.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    """

    _: KW_ONLY
    refine: str = "lloyd"
    sigma: float | str = "auto"
    storage: str = "auto"
    min_per_class: int = 0

    _method: ClassVar[str] = "coverage"

    def _by_direction(self) -> bool:
        return True


@dataclass(repr=False, eq=False)
class FacilityLocation(Selector):
    """The row that adds most to how similar all rows are to a pick, again and again (Nemhauser, Wolsey and Fisher,
    1978). ``sample_weight`` is how much each row counts for.

    ``gains_`` are what each pick adds to the objective.

    Parameters
    ----------
    kernel : {"rbf", "cosine"}
        How similar two rows are.
    sigma : float or str
        The bandwidth of the RBF, of rows at length 1: a number, ``"20nn"`` for 20 neighbours, or ``"auto"``.
    storage : {"auto", "dense", "on-the-fly"}
        Whether similarities are kept. No pick depends on it.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    """

    _: KW_ONLY
    kernel: str = "rbf"
    sigma: float | str = "auto"
    storage: str = "auto"
    min_per_class: int = 0

    _method: ClassVar[str] = "facility-location"

    def _by_direction(self) -> bool:
        return True


@dataclass(repr=False, eq=False)
class Herding(Selector):
    """The row by which the mean of the picks comes nearest to that of all, in a kernel's space (Chen, Welling and
    Smola, 2010).

    Parameters
    ----------
    kernel : {"rbf", "cosine"}
        How similar two rows are.
    sigma : float or str
        The bandwidth of the RBF: a number, ``"20nn"`` for 20 neighbours, or ``"auto"``, half the median distance.
    alpha : float or "auto"
        How much the mean of all rows counts.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    """

    _: KW_ONLY
    kernel: str = "rbf"
    sigma: float | str = "auto"
    alpha: float | str = "auto"
    min_per_class: int = 0

    _method: ClassVar[str] = "herding"

    def _by_direction(self) -> bool:
        return True


@dataclass(repr=False, eq=False)
class LogDet(Selector):
    """The row that adds most to the log-determinant of the picks' Gram matrix with a ridge: greedy Gram-Schmidt past
    the rank.

    Parameters
    ----------
    ridge : float
        Times the mean squared length of the rows, from 1e-6 to 1e6.
    min_per_class : int
        Picks promised to every class, or all its rows, where the budget pays for that.
    """

    _: KW_ONLY
    ridge: float = 1.0
    min_per_class: int = 0

    _method: ClassVar[str] = "log-det"


@dataclass(repr=False, eq=False)
class Then(Selector):
    """One selector picks from what another has chosen (Bar and Giryes, arXiv:2406.01086): norms or directions among
    what another method prefers.

    Parameters
    ----------
    first, second : Selector
        Chooses the rows to pick from; picks from them. Their own budgets, devices and the like do not count.
    oversample : int
        Rows that the first chooses for each pick of the second.
    """

    _: KW_ONLY
    first: Selector | None = None
    second: Selector | None = None
    oversample: int = 2

    _method: ClassVar[str] = "then"

    def _stages(self) -> tuple[Selector, Selector]:
        for name, stage in (("first", self.first), ("second", self.second)):
            if not isinstance(stage, Selector) or isinstance(stage, Then):
                raise TypeError(f"{name}: {stage!r} found, a selector of one stage expected")
        assert self.first is not None and self.second is not None
        return self.first, self.second

    def _options(self) -> dict[str, Any]:
        first, second = self._stages()
        return {
            "method": self._method,
            "first": first._options(),
            "second": second._options(),
            "oversample": self.oversample,
        }

    def _by_direction(self) -> bool:
        return any(stage._by_direction() for stage in self._stages()) or super()._by_direction()

    def _check(self, classes: Any, sample_weight: Any, exclude: Any) -> None:
        stages = self._stages()
        if not any(isinstance(stage, FacilityLocation) for stage in stages):
            super()._check(None, sample_weight, exclude)
        if classes is not None and not any(stage._has_classes for stage in stages):
            stages[0]._check(classes, None, None)
        for stage in stages:
            stage._check(classes if stage._has_classes else None, None, exclude)


def _is_same(value: Any, other: Any) -> bool:
    return value is other or (type(value) is type(other) and not hasattr(value, "__array__") and value == other)


def _plain(value: Any) -> Any:
    """A number of numpy's as Python's own."""
    return value.item() if isinstance(value, np.generic) else value
