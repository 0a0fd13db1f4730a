"""What the NumPy engine does that its kernels do not show."""

from __future__ import annotations

import os

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp

on_glibc = pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", ()), reason="only glibc can be told to keep what is freed"
)


@on_glibc
def test_freed_arrays_leave_their_pages_to_the_next() -> None:
    """Arrays of a megabyte, made and dropped over and over, cost no page faults."""
    import resource

    if any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        pytest.skip("somebody has told glibc otherwise")
    tapegrad.get_backend("numpy")
    x = np.ones(1 << 17)
    for _ in range(3):
        [x + 1 for _ in range(4)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        [x + 1 for _ in range(4)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 40


@on_glibc
def test_a_user_who_has_set_glibc_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from tapegrad_numpy.memory import keep_freed_memory

    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert keep_freed_memory() is False


def test_a_softmax_is_that_of_the_numbers_in_whatever_order_they_lie():
    x = np.random.default_rng(0).standard_normal((5, 4))
    for laid in (np.asfortranarray(x), np.asfortranarray(x)[::-1], x.T.copy().T[:3]):
        for function in (tnp.special.softmax, tnp.special.log_softmax):
            expected = function(tnp.asarray(np.ascontiguousarray(laid)), axis=-1).asnumpy()
            np.testing.assert_array_equal(function(tnp.asarray(laid), axis=-1).asnumpy(), expected)


def test_a_constant_beside_one_number_is_no_array_whatever_was_asked_before():
    kernels = tapegrad.get_backend("numpy").kernels
    assert type(kernels.weak(12345, np.ones(2, "int32"))) is np.ndarray
    assert type(kernels.weak(12345, np.asarray(1, "int32"))) is np.int32


def test_the_sign_of_a_complex_zero_is_0_whatever_the_signs_of_its_parts():
    signs = tnp.sign(tnp.asarray([complex(-0.0, 0.0), complex(0.0, -0.0), complex(3.0, -0.0)])).tolist()
    assert str(signs) == "[0j, 0j, (1-0j)]"
