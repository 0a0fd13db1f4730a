"""No public name is left out: it is an op, a function of `FUNCTIONS`, or has no derivative for a reason given here."""

import types

import numpy as np
import pytest

import tapegrad
import tapegrad.ndarray as nd
import tapegrad.numpy as tnp
from tapegrad.errors import GradientEscapeError, NoGradientError
from tapegrad.ndarray.function import exported
from tapegrad.op.kinds import ELEMENTWISE
from tapegrad.testing.functions import FUNCTIONS, calls_of, resolve
from tapegrad.testing.generate import samples_of
from tapegrad.testing.judging import judged_ops

SPACES = {"numpy": tnp, "numpy.linalg": tnp.linalg, "numpy.fft": tnp.fft, "numpy.special": tnp.special}

MADE = """arange diag_indices empty empty_like eye from_dlpack identity indices ones ones_like tri tril_indices
triu_indices zeros zeros_like linspace bartlett blackman hamming hanning kaiser diag_indices_from fromfunction ix_
mask_indices tril_indices_from triu_indices_from fft.fftfreq fft.rfftfreq"""
TOLD = """broadcast_shapes can_cast finfo iinfo iscomplexobj isdtype isrealobj isscalar ndim result_type shape size
array2string array_repr array_str einsum_path get_printoptions set_printoptions printoptions geterr seterr issubdtype
iterable promote_types"""
OF_INTEGERS = "bitwise_count gcd lcm ravel_multi_index unravel_index"
DISCRETE = """all allclose any argmax argmin argpartition argsort argwhere array_equal array_equiv count_nonzero
digitize flatnonzero isclose iscomplex isin isneginf isposinf isreal lexsort nanargmax nanargmin nonzero searchsorted
linalg.matrix_rank"""
CONSTANT = "around fix rint round spacing"
REFUSED = "histogram2d histogram_bin_edges histogramdd"
# What they keep are elements that are equal to the bit, which no difference quotient leaves so, or counts beside them.
EQUAL = "intersect1d unique_all unique_counts unique_inverse"
WITHOUT = {
    f"numpy.{name}" for text in (MADE, TOLD, OF_INTEGERS, DISCRETE, CONSTANT, REFUSED, EQUAL) for name in text.split()
}


def public(space):
    """The functions of a namespace that are not themselves ops."""
    module = SPACES[space]
    for name in getattr(module, "__all__", None) or dir(module):
        found = getattr(module, name)
        if callable(found) and not name.startswith("_") and not isinstance(found, (type, types.ModuleType)):
            yield f"{space}.{name}", getattr(found, "__tapegrad_op__", None)


# Of MXNet's face: what makes arrays, draws numbers, updates parameters, or keeps to a gradient that is no derivative.
ND_MODULES = {"ndarray", "mechanical", "stochastic", "random", "updating", "heads", "files", "methods"}
ND_WITHOUT = {
    "BlockGrad",
    "stop_gradient",
    "Dropout",
    "all_finite",
    "multi_all_finite",
    "argmax",
    "argmax_channel",
    "argmin",
    "argsort",
    "histogram",
    "one_hot",
    "onehot_encode",
    "ravel_multi_index",
    "unravel_index",
    "rint",
    "round",
    "shape_array",
    "size_array",
}


def test_every_function_of_mxnets_face_is_judged_or_has_no_derivative():
    judged = {id(resolve(name)) for name in FUNCTIONS if name.startswith("ndarray.")}
    left = set()
    for name in dir(nd):
        found = getattr(nd, name)
        if not callable(found) or name.startswith("_") or isinstance(found, type) or id(found) in judged:
            continue
        if found.__module__.rpartition(".")[2] not in ND_MODULES:
            left.add(name)
    assert left == {name for name in ND_WITHOUT if id(getattr(nd, name)) not in judged}


# Tests, places, boxes picked and paired off, draws and updates; and three whose gradient is meant to be no derivative.
CONTRIB_WITHOUT = """allclose arange_like index_array isfinite isinf isnan rand_zipfian uniform
MultiBoxDetection MultiBoxPrior MultiBoxTarget bipartite_matching box_encode box_nms box_non_maximum_suppression
adamw_update mp_adamw_update gradientmultiplier round_ste sign_ste"""


def test_every_function_of_contrib_is_judged_or_has_no_derivative():
    judged = {id(resolve(name)) for name in FUNCTIONS if name.startswith("ndarray.")}
    assert {name for name in exported(nd.contrib) if id(getattr(nd.contrib, name)) not in judged} == set(
        CONTRIB_WITHOUT.split()
    )


@pytest.mark.parametrize("space", SPACES)
def test_every_public_function_is_judged_or_has_no_derivative(space):
    judged = judged_ops()
    for name, op in public(space):
        assert judged.get(op.name) is op if op else name in FUNCTIONS or name in WITHOUT, name


def test_every_judged_function_is_there_and_has_samples():
    for name in FUNCTIONS:
        assert calls_of(name) and all(callable(call.call) for call in calls_of(name)), name


@pytest.mark.parametrize("name", (DISCRETE + " " + CONSTANT + " " + REFUSED).split())
def test_what_has_no_derivative_says_so_or_leaves_nothing_to_differentiate(name):
    function = tnp
    for part in name.split("."):
        function = getattr(function, part)
    x = tnp.asarray(np.array([[0.3, 1.7], [2.2, -0.4]]) if "rank" in name else np.array([0.3, 1.7, 2.2, 4.0]))
    x.attach_grad()
    tried = 0
    for arguments in ((x,), (x, x), (x, 2), ([x, x],)):
        with tapegrad.autograd.record():
            try:
                out = function(*arguments)
            except (NoGradientError, GradientEscapeError) as error:
                tried += 1
                # One for all histograms; a tracked axis is refused by the op that takes it.
                assert name.split(".")[-1][:9] in str(error) or "has no derivative in" in str(error)
                continue
            except (TypeError, ValueError, AttributeError):
                continue
        tried += 1
        for part in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(part, tapegrad.Array) and part.dtype.kind in "fc" and part._node is not None:
                part.backward()
                assert not x.grad.asnumpy().any(), name
    assert tried


def test_every_op_with_a_derivative_meets_what_is_hard():
    """0-d, empty, broadcast from one, negative strides, repeated arguments, ties, zeros, large and tiny numbers."""
    for name, op in judged_ops().items():
        if op.kind is not ELEMENTWISE or not op.formulas:
            continue
        samples = samples_of(op)
        arrays = [[x for x in s.arrays("float64") if isinstance(x, np.ndarray)] for s in samples]
        shapes = {x.shape for row in arrays for x in row}
        draws = [x for s in samples for x in s.draws if hasattr(x, "bears")]
        bears = {way for x in draws for way in ("ties", "zeros", "tiny", "large") if x.bears(way) and not x.steps}
        found = {word for s in samples for word in (s.variation, s.layout)}
        assert () in shapes and any(0 in shape for shape in shapes), name
        assert any(stride < 0 for row in arrays for x in row for stride in x.strides), name
        if len(op.inputs) > 1:
            assert any(1 in x.shape and x.shape != max(row, key=np.size).shape for row in arrays for x in row), name
        assert bears <= found, (name, bears - found)
