"""The picks of a GPU, and of several devices at once, are those of the CPU: on a software adapter."""

from __future__ import annotations

import pytest

import coresift

ADAPTER = "llvmpipe"  # Mesa's software adapter for Vulkan, which the tests of the workspace install


@pytest.mark.parametrize("method", ["norm", "gram-schmidt", "sas", "coverage", "typiclust", "probcover", "k-center"])
def test_a_gpu_picks_alike(X, method):
    expected = coresift.select(X, 30, method, device="cpu").indices.tolist()
    with coresift.Pool(X, device=ADAPTER) as pool:
        assert ADAPTER in pool.device
        for _ in range(2):  # what stays on the device serves the second
            assert coresift.select(pool, 30, method).indices.tolist() == expected


def test_several_devices_pick_alike(X):
    expected = coresift.select(X, 30, "coverage", device="cpu").indices.tolist()
    assert coresift.select(X, 30, "coverage", device=f"cpu,{ADAPTER}").indices.tolist() == expected


def test_unknown_devices(X):
    with pytest.raises(ValueError, match='device: no adapter named "voodoo"'):
        coresift.Pool(X, device="voodoo")
