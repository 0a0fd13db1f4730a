"""A data-parallel step on a mesh of eight virtual devices is the step of one, with Auto and with Explicit axes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax", reason="the JAX engine needs jax")

# Class I3 for sums over 16 samples: (eps / 2) (4 + log2 16) of the terms' sizes, here up to twice the largest result.
BOUND = 8 * 2.0**-23


@pytest.fixture(scope="module", params=[pytest.param("Auto", marks=pytest.mark.slow), "Explicit"])
def report(request):
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("mesh_of_eight.py"), request.param],
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("way", ["eager", "jit", "imperative"])
def test_a_data_parallel_step(report, way):
    assert report[way]["difference"] <= BOUND
    assert report[way]["replicated"]


def test_the_gradient_of_a_sharded_batch_is_sharded(report):
    assert report["of_the_batch"]["sharded"]


@pytest.mark.parametrize("way", ["by_key", "images", "spread_weights"])
def test_what_else_is_sharded(report, way):
    assert report[way]["difference"] <= BOUND
    assert report[way].get("laid_out", True)
