"""What holds for all tests."""

import gc

import pytest
from engines import engine, in_double


def pytest_collection_finish(session):
    """Leave the collected tests, a million objects that live to the end, out of every later look for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def backend(request):
    """The backend that a test is about, by the name that its parameter gives."""
    if request.param != "jax":
        yield engine(request.param)
        return
    with in_double():
        yield engine("jax")
