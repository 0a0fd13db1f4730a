"""The names of the standard's face follow from what is beside the functions and ops."""

import types

import numpy
import pytest

import tapegrad.numpy as tnp
from tapegrad.engines.tables import OPS
from tapegrad.numpy import names
from tapegrad.numpy.methods import methods_among
from tapegrad.op import elementwise


@pytest.fixture
def op():
    """An op as tapegrad's own are, forgotten after the test."""

    @elementwise(x=1, numpy="itself special.identically", name="itself_as_an_op")
    def itself(xp, x):
        """x."""
        return xp.positive(x)

    yield OPS["itself_as_an_op"]
    del OPS["itself_as_an_op"]


def test_an_op_is_public_under_the_names_beside_it(op):
    op.module = "tapegrad.ops.elementwise"
    assert names.ops_of("tapegrad.numpy")["itself"] is op.call
    assert names.ops_of("tapegrad.numpy.special")["identically"] is op.call


def test_the_ops_of_third_parties_are_not_added(op):
    assert "itself" not in names.ops_of("tapegrad.numpy")


def test_a_primitive_is_the_function_of_its_name():
    public = names.ops_of("tapegrad.numpy")
    assert public["tanh"] is tnp.tanh is OPS["tanh"].call
    assert public["sum"] is OPS["sum"].call is not tnp.sum  # the module has one with NumPy's keywords
    assert names.ops_of("tapegrad.numpy.linalg")["det"] is OPS["det"].call


def test_functions_without_an_underscore_are_public():
    module = types.ModuleType("module_of_this_test")
    exec("from operator import add\nimport math\ndef shown(): ...\ndef _hidden(): ...\nTABLE = 1\n", vars(module))
    assert list(names._own(module)) == ["shown"]


def test_no_name_of_a_module_leaks():
    assert not {"Any", "annotations", "host", "asarray_", "op", "publish", "names"} & {*tnp.__all__}
    assert dir(tnp) == sorted(tnp.__all__)
    assert not [name for name in tnp.__all__ if name[0] == "_" and not name.startswith("__array_")]


def test_functions_that_write_are_not_taken_for_numpys():
    found = names.like_numpy(numpy, tnp, but=frozenset({"put"}))
    assert found[numpy.mean] is tnp.mean and numpy.put not in found and numpy.copyto not in found


def test_methods_are_functions_that_write_nothing():
    methods = methods_among(vars(tnp))
    assert {"sum", "argpartition", "ptp"} <= {*methods}
    assert not {"sort", "partition", "put", "resize", "compress", "reshape", "dtype", "size"} & {*methods}
