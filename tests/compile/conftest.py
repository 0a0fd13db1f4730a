"""Programs that are run eagerly and compiled, each on arrays of its own."""

import numpy as np
import pytest
from engines import NAMES, engine, in_double

import tapegrad


@pytest.fixture(params=NAMES)
def backend(request):
    """Each engine as the default."""
    if request.param != "jax":
        with tapegrad.use_backend(engine(request.param)) as found:
            yield found
        return
    with in_double(), tapegrad.use_backend(engine("jax")) as found:
        yield found


def leaves(result):
    """What a step returned, on the host."""
    parts = result if isinstance(result, (tuple, list)) else [result]
    return [
        inner for part in parts for inner in (leaves(part) if isinstance(part, (tuple, list)) else [np.asarray(part)])
    ]


def agree(eager, compiled, calls, rtol=1e-6):
    """Both forms of a program give the same for each of several calls; `calls` are tuples of arguments."""
    for number, args in enumerate(calls):
        wanted, got = leaves(eager(*args)), leaves(compiled(*args))
        assert len(wanted) == len(got)
        for x, y in zip(wanted, got, strict=True):
            assert x.dtype == y.dtype and x.shape == y.shape, number
            np.testing.assert_allclose(y, x, rtol=rtol, atol=1e-7, err_msg=f"call {number}")


@pytest.fixture
def both():
    """`both(make, calls)`: make a program twice, compile one, and see that they agree; the compiled one is returned."""

    def run(make, calls, rtol=1e-6, **options):
        eager, program = make(), make()
        compiled = tapegrad.compile(program, **options)
        agree(eager, compiled, calls, rtol)
        return compiled

    return run
