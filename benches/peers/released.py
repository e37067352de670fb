"""The released code of TypiClust and ProbCover, run where it lies: nothing of it is kept here.

It is GitHub's avihu111/TypiClust, read at commit 4097a71c348f60492ab22be0c4c9da224e637af6; of a
checkout, deep-al/pycls/al/typiclust.py, deep-al/pycls/al/prob_cover.py and the loader beside them are
executed as they stand. They ask for an NVIDIA GPU in two places, which are answered by the CPU: faiss
searches the index it was given, and `.cuda()` gives the tensor itself. Needs PINNED.
"""

import contextlib
import importlib.util
import io
import os
import re
import sys
import types

PINNED = ["scikit-learn==1.9.1", "pandas==3.1.1", "faiss-cpu==1.15.1", "torch==2.15.0"]
LOADER = "pycls.datasets.utils"


def module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


class Released:
    """Both selectors of a checkout, on pools given as .npy files; rows are normalised by its loader."""

    def __init__(self, checkout):
        import faiss
        import torch

        faiss.index_cpu_to_all_gpus = lambda index: index
        torch.Tensor.cuda = lambda tensor: tensor
        code = os.path.join(checkout, "deep-al", "pycls")
        # the selectors ask for the loader by its package, which would import all of deep-al
        for package in ("pycls", "pycls.datasets"):
            sys.modules[package] = types.ModuleType(package)
        self.loader = module(LOADER, os.path.join(code, "datasets", "utils", "features.py"))
        sys.modules["pycls.datasets"].utils = self.loader
        sys.modules["pycls"].datasets = sys.modules["pycls.datasets"]
        self.prob_cover = module("prob_cover", os.path.join(code, "al", "prob_cover.py"))
        self.typi_clust = module("typiclust", os.path.join(code, "al", "typiclust.py"))
        self.own_kmeans = self.typi_clust.kmeans

    def features(self, path):
        """The rows as its selectors see them."""
        self.loader.DATASET_FEATURES_DICT["train"]["POOL"] = path
        return self.loader.load_features("POOL")

    def arguments(self, path, budget, labelled):
        import numpy as np

        self.loader.DATASET_FEATURES_DICT["train"]["POOL"] = path
        config = {"DATASET": {"NAME": "POOL"}, "RNG_SEED": 1}
        labelled = np.asarray(labelled, np.int64)
        rest = np.setdiff1d(np.arange(len(np.load(path, mmap_mode="r"))), labelled)
        return config, labelled, rest, budget

    def probcover(self, path, budget, delta, labelled=()):
        """Picks, and the largest degree at each step as it prints it."""
        with contextlib.redirect_stdout(io.StringIO()) as told:
            selector = self.prob_cover.ProbCover(*self.arguments(path, budget, labelled), delta)
            picks = selector.select_samples()[0]
        degrees = re.findall(r"Max degree is (\d+)", told.getvalue())
        return picks.tolist(), [int(degree) for degree in degrees]

    def typiclust(self, path, budget, clusters=None, labelled=()):
        """Picks, in the clusters given or in its own, which are of numpy's global generator."""
        given = clusters is not None
        self.typi_clust.kmeans = (lambda features, num_clusters: clusters) if given else self.own_kmeans
        with contextlib.redirect_stdout(io.StringIO()):
            selector = self.typi_clust.TypiClust(*self.arguments(path, budget, labelled))
            return selector.select_samples()[0].tolist()
