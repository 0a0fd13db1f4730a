"""A data-parallel step on a mesh of eight virtual devices is the step of one, with Auto and with Explicit axes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tapegrad

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


def test_the_example_learns_the_same_with_one_reduction_a_step(report):
    example = report["example"]
    assert example["reductions"] == 1
    # A mean of 1024 terms: (4 + log2 1024) eps / 2, from parameters that differ by as much after each step.
    np.testing.assert_allclose(example["losses"], example["alone"], rtol=3 * 14 * 2.0**-24)


def test_a_hybridized_network_learns_the_same(report):
    network = report["network"]
    # Softmax and batch normalization over 16 samples, from parameters that differ by as much after each step.
    np.testing.assert_allclose(network["losses"], network["alone"], rtol=3 * 16 * 2.0**-23)


@pytest.mark.slow
def test_two_processes_compute_and_save_as_one(report, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    command = [sys.executable, Path(__file__).with_name("two_processes.py"), address, str(tmp_path / "model")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = [subprocess.Popen([*command, str(rank)], env={**os.environ, "XLA_FLAGS": ""}, **pipes) for rank in (0, 1)]
    outputs = [process.communicate(timeout=200) for process in running]
    assert [process.returncode for process in running] == [0, 0], outputs
    first, second = (json.loads(out.splitlines()[-1]) for out, _ in outputs)
    assert first == second
    assert first["reductions"] == 1
    np.testing.assert_allclose(first["losses"], report["example"]["alone"], rtol=3 * 14 * 2.0**-24)
    assert "the processes disagree: process 0 has a mesh (rows: 2) of the devices" in first["meshes"]
    assert "process 0 has ['x'] float32[8], process 1 has ['x'] float32[9]" in first["arrays"]
    assert "are on devices of other processes" in first["reading"]

    saved = tapegrad.load(tmp_path / "model", backend="numpy")
    assert saved["steps"] == 3 and sorted(path.name for path in tmp_path.iterdir()) == ["model"]
    np.testing.assert_array_equal(saved["spread"], np.arange(12, dtype="float32").reshape(4, 3))
    np.testing.assert_array_equal(saved["local"], [1, 2])
    assert saved["parameters"]["w1"].sum().item() == first["sum"]


@pytest.mark.parametrize("way", ["by_key", "images", "spread_weights", "transformer"])
def test_what_else_is_sharded(report, way):
    assert report[way]["difference"] <= BOUND
    assert report[way].get("laid_out", True)
