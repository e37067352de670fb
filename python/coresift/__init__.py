"""Chooses which training examples are worth having: the few to label, or the many to keep.

>>> import coresift, numpy as np
>>> X = np.random.default_rng(0).normal(size=(1000, 64)).astype(np.float32)
>>> picks = coresift.select(X, budget=10)
>>> X[picks].shape
(10, 64)

The same features, options and seed give the same picks on every device, with any number of threads and any bound on
memory.
"""

from ._classes import FewLabels, KMeans, Prompts
from ._compare import Comparison, compare
from ._duplicates import Kept, duplicates
from ._estimators import (
    Coverage,
    FacilityLocation,
    GramSchmidt,
    Herding,
    KCenter,
    LogDet,
    Norm,
    ProbCover,
    Sas,
    Selector,
    Then,
    TypiClust,
    Uniform,
)
from ._evaluate import evaluate
from ._native import DeviceLost, Interrupted
from ._native import version as __version__
from ._plan import plan
from ._pool import Pool
from ._select import select
from ._selection import Selection, SelectionWarning, Shortfall

__all__ = [
    "Comparison",
    "Coverage",
    "DeviceLost",
    "FacilityLocation",
    "FewLabels",
    "GramSchmidt",
    "Herding",
    "Interrupted",
    "KCenter",
    "KMeans",
    "Kept",
    "LogDet",
    "Norm",
    "Pool",
    "ProbCover",
    "Prompts",
    "Sas",
    "Selection",
    "SelectionWarning",
    "Selector",
    "Shortfall",
    "Then",
    "TypiClust",
    "Uniform",
    "__version__",
    "compare",
    "duplicates",
    "evaluate",
    "plan",
    "select",
]
