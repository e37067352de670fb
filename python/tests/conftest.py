"""What the tests share: pools, and the command line to compare with."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def binary() -> Path:
    """The command, as the tests of the workspace or a release build have made it."""
    named = os.environ.get("CORESIFT_BINARY")
    found = [Path(named)] if named else [ROOT / "target" / kind / "coresift" for kind in ("debug", "release")]
    for path in found:
        if path.exists():
            return path
    pytest.fail(f"no command found, {' or '.join(map(str, found))} expected (cargo build, or CORESIFT_BINARY)")


@pytest.fixture
def run(binary, tmp_path):
    """Runs `coresift select` on an array, and gives its record."""

    def select(X: np.ndarray, *options: str, **lists: np.ndarray) -> dict:
        features = tmp_path / "x.npy"
        np.save(features, X)
        line = [str(binary), "select", str(features), "--device=cpu", "--json", "--quiet", *options]
        for name, values in lists.items():
            path = tmp_path / f"{name}.npy"
            np.save(path, values)
            line.append(f"--{name.replace('_', '-')}={path}")
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return select


@pytest.fixture(scope="session")
def X() -> np.ndarray:
    """600 rows of 24 values in six clusters, of different lengths."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(6, 24))
    rows = centres[rng.integers(6, size=600)] + 0.4 * rng.normal(size=(600, 24))
    return (rows * rng.gamma(4.0, 0.25, size=(600, 1))).astype(np.float32)


@pytest.fixture(scope="session")
def y() -> np.ndarray:
    """A label for each of those rows."""
    return np.random.default_rng(8).integers(4, size=600)
