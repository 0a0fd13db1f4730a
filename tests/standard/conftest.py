import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))

from engines import engine, in_double


@pytest.fixture
def backend(request):
    """The backend that a test is about, by the name that its parameter gives."""
    if request.param != "jax":
        yield engine(request.param)
        return
    with in_double():
        yield engine("jax")
