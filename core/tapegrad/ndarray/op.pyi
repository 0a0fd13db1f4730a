"""Functions of arrays. Written by tests/mxnet/stubs.py."""

from collections.abc import Iterable, Sequence
from typing import Any

from ..context import Context
from ..typing import ArrayLike, Axes, DTypeLike, ShapeLike
from .ndarray import NDArray

def Activation(data: NDArray, act_type: str, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def BatchNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    moving_mean: NDArray,
    moving_var: NDArray,
    eps: float = ...,
    momentum: float = ...,
    fix_gamma: bool = ...,
    use_global_stats: bool = ...,
    output_mean_var: bool = ...,
    axis: int = ...,
    cudnn_off: bool | None = ...,
    min_calib_range: float | None = ...,
    max_calib_range: float | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> Any: ...
def BilinearSampler(
    data: NDArray, grid: NDArray, cudnn_off: bool | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def Convolution(
    data: NDArray,
    weight: NDArray,
    bias: NDArray | None = ...,
    kernel: ShapeLike | None = ...,
    stride: ShapeLike | None = ...,
    dilate: ShapeLike | None = ...,
    pad: ShapeLike | None = ...,
    num_filter: int | None = ...,
    num_group: int = ...,
    workspace: int | None = ...,
    no_bias: bool = ...,
    cudnn_tune: str | None = ...,
    cudnn_off: bool | None = ...,
    layout: str | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def Crop(
    *data: NDArray,
    offset: Any = ...,
    h_w: tuple[int, int] = ...,
    center_crop: bool = ...,
    num_args: int | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def Deconvolution(
    data: NDArray,
    weight: NDArray,
    bias: NDArray | None = ...,
    kernel: ShapeLike | None = ...,
    stride: ShapeLike | None = ...,
    dilate: ShapeLike | None = ...,
    pad: ShapeLike | None = ...,
    adj: ShapeLike | None = ...,
    target_shape: ShapeLike | None = ...,
    num_filter: int | None = ...,
    num_group: int = ...,
    workspace: int | None = ...,
    no_bias: bool = ...,
    cudnn_tune: str | None = ...,
    cudnn_off: bool | None = ...,
    layout: str | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def Dropout(
    data: NDArray,
    p: float = ...,
    mode: str = ...,
    axes: Axes = ...,
    cudnn_off: bool | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def Embedding(
    data: ArrayLike,
    weight: NDArray,
    input_dim: int | None = ...,
    output_dim: int | None = ...,
    dtype: DTypeLike | None = ...,
    sparse_grad: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def FullyConnected(
    data: NDArray,
    weight: NDArray,
    bias: NDArray | None = ...,
    num_hidden: int | None = ...,
    no_bias: bool = ...,
    flatten: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def GridGenerator(
    data: NDArray, transform_type: str, target_shape: ShapeLike = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def GroupNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    num_groups: int = ...,
    eps: float = ...,
    output_mean_var: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> Any: ...
def InstanceNorm(
    data: NDArray, gamma: NDArray, beta: NDArray, eps: float = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def L2Normalization(
    data: NDArray, eps: float = ..., mode: str = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def LRN(
    data: NDArray,
    alpha: float = ...,
    beta: float = ...,
    knorm: float = ...,
    nsize: int | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def LayerNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    axis: int = ...,
    eps: float = ...,
    output_mean_var: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> Any: ...
def LeakyReLU(
    data: NDArray,
    gamma: NDArray | None = ...,
    act_type: str = ...,
    slope: float = ...,
    lower_bound: float = ...,
    upper_bound: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def LinearRegressionOutput(
    data: NDArray, label: NDArray, grad_scale: float = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def LogisticRegressionOutput(
    data: NDArray, label: NDArray, grad_scale: float = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def MAERegressionOutput(
    data: NDArray, label: NDArray, grad_scale: float = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def MakeLoss(
    data: NDArray,
    grad_scale: float = ...,
    valid_thresh: float = ...,
    normalization: str = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def Pooling(
    data: NDArray,
    kernel: ShapeLike = ...,
    pool_type: str = ...,
    global_pool: bool = ...,
    cudnn_off: bool | None = ...,
    pooling_convention: str = ...,
    stride: ShapeLike | None = ...,
    pad: ShapeLike | None = ...,
    p_value: int | None = ...,
    count_include_pad: bool = ...,
    layout: str | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def RNN(
    data: NDArray,
    parameters: NDArray,
    state: NDArray,
    state_cell: NDArray | None = ...,
    sequence_length: NDArray | None = ...,
    state_size: int | None = ...,
    num_layers: int = ...,
    bidirectional: bool = ...,
    mode: str = ...,
    p: float = ...,
    state_outputs: bool = ...,
    projection_size: int | None = ...,
    lstm_state_clip_min: float | None = ...,
    lstm_state_clip_max: float | None = ...,
    lstm_state_clip_nan: bool = ...,
    use_sequence_length: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> Any: ...
def ROIPooling(
    data: NDArray,
    rois: NDArray,
    pooled_size: ShapeLike,
    spatial_scale: float,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def SVMOutput(
    data: NDArray,
    label: NDArray,
    margin: float = ...,
    regularization_coefficient: float = ...,
    use_linear: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def SequenceLast(
    data: NDArray,
    sequence_length: NDArray | None = ...,
    use_sequence_length: bool = ...,
    axis: int = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def SequenceMask(
    data: NDArray,
    sequence_length: NDArray | None = ...,
    use_sequence_length: bool = ...,
    value: float = ...,
    axis: int = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def SequenceReverse(
    data: NDArray,
    sequence_length: NDArray | None = ...,
    use_sequence_length: bool = ...,
    axis: int = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def SoftmaxActivation(data: NDArray, mode: str = ..., out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def SoftmaxOutput(
    data: NDArray,
    label: NDArray,
    grad_scale: float = ...,
    ignore_label: float = ...,
    multi_output: bool = ...,
    use_ignore: bool = ...,
    preserve_shape: bool = ...,
    normalization: str = ...,
    out_grad: bool = ...,
    smooth_alpha: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def SpatialTransformer(
    data: NDArray,
    loc: NDArray,
    target_shape: ShapeLike = ...,
    transform_type: str = ...,
    sampler_type: str = ...,
    cudnn_off: bool | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def UpSampling(
    *data: NDArray,
    scale: int = ...,
    num_filter: int = ...,
    sample_type: str = ...,
    multi_input_mode: str = ...,
    num_args: int | None = ...,
    workspace: int | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def abs(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def adam_update(
    weight: NDArray,
    grad: NDArray,
    mean: NDArray,
    var: NDArray,
    lr: float,
    beta1: float = ...,
    beta2: float = ...,
    epsilon: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def add(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def add_n(*args: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def all_finite(
    data: NDArray, init_output: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def amp_multicast(
    *data: NDArray,
    num_outputs: int | None = ...,
    cast_narrow: bool = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def arccos(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def arccosh(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def arcsin(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def arcsinh(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def arctan(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def arctanh(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def argmax(
    data: NDArray, axis: int | None = ..., keepdims: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def argmax_channel(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def argmin(
    data: NDArray, axis: int | None = ..., keepdims: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def argsort(
    data: NDArray,
    axis: int | None = ...,
    is_ascend: bool = ...,
    dtype: DTypeLike = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def batch_dot(
    lhs: NDArray,
    rhs: NDArray,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    forward_stype: str | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def batch_take(a: NDArray, indices: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_add(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_axis(
    data: NDArray, axis: Axes = ..., size: ShapeLike = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def broadcast_div(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_equal(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_greater(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_greater_equal(
    lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def broadcast_hypot(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_lesser(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_lesser_equal(
    lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def broadcast_like(
    lhs: NDArray,
    rhs: NDArray,
    lhs_axes: Axes | None = ...,
    rhs_axes: Axes | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def broadcast_logical_and(
    lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def broadcast_logical_or(
    lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def broadcast_logical_xor(
    lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def broadcast_maximum(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_minimum(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_minus(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_mod(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_mul(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_not_equal(
    lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def broadcast_plus(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_power(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_sub(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def broadcast_to(data: NDArray, shape: ShapeLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def cast(data: NDArray, dtype: DTypeLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def cast_storage(data: NDArray, stype: str = ..., out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def cbrt(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def ceil(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def clip(
    data: NDArray,
    a_min: float | None = ...,
    a_max: float | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def col2im(
    data: NDArray,
    output_size: ShapeLike,
    kernel: ShapeLike,
    stride: ShapeLike | None = ...,
    dilate: ShapeLike | None = ...,
    pad: ShapeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def concat(
    *data: NDArray, dim: int = ..., num_args: int | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def concatenate(arrays: Iterable[Any], axis: int = ..., always_copy: bool = ...) -> NDArray: ...
def cos(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def cosh(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def ctc_loss(
    data: NDArray,
    label: NDArray,
    data_lengths: NDArray | None = ...,
    label_lengths: NDArray | None = ...,
    use_data_lengths: bool = ...,
    use_label_lengths: bool = ...,
    blank_label: str = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def cumsum(
    a: NDArray, axis: int | None = ..., dtype: DTypeLike | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def degrees(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def depth_to_space(data: NDArray, block_size: int, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def diag(
    data: NDArray, k: int = ..., axis1: int = ..., axis2: int = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def divide(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def dot(
    lhs: NDArray,
    rhs: NDArray,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    forward_stype: str | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def elemwise_add(lhs: NDArray, rhs: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def elemwise_div(lhs: NDArray, rhs: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def elemwise_mul(lhs: NDArray, rhs: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def elemwise_sub(lhs: NDArray, rhs: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def equal(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def erf(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def erfinv(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def exp(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def expand_dims(
    data: NDArray, axis: int, out: NDArray | None = ..., name: str | None = ..., inplace: bool = ...
) -> NDArray: ...
def expm1(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def fill_element_0index(
    lhs: NDArray, mhs: NDArray, rhs: NDArray, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def fix(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def flatten(data: NDArray, out: NDArray | None = ..., name: str | None = ..., inplace: bool = ...) -> NDArray: ...
def flip(data: NDArray, axis: Axes, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def floor(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def ftml_update(
    weight: NDArray,
    grad: NDArray,
    d: NDArray,
    v: NDArray,
    z: NDArray,
    lr: float,
    beta1: float = ...,
    beta2: float = ...,
    epsilon: float = ...,
    t: int | None = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_grad: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def ftrl_update(
    weight: NDArray,
    grad: NDArray,
    z: NDArray,
    n: NDArray,
    lr: float,
    lamda1: float = ...,
    beta: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def gamma(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def gammaln(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def gather_nd(data: NDArray, indices: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def greater(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def greater_equal(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def hard_sigmoid(
    data: NDArray, alpha: float = ..., beta: float = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def histogram(a: NDArray, bins: Any = ..., range: Any = ...) -> tuple[NDArray, NDArray]: ...
def identity(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def im2col(
    data: NDArray,
    kernel: ShapeLike,
    stride: ShapeLike | None = ...,
    dilate: ShapeLike | None = ...,
    pad: ShapeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def khatri_rao(*args: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def lamb_update_phase1(
    weight: NDArray,
    grad: NDArray,
    mean: NDArray,
    var: NDArray,
    beta1: float = ...,
    beta2: float = ...,
    epsilon: float = ...,
    t: int | None = ...,
    bias_correction: bool = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def lamb_update_phase2(
    weight: NDArray,
    g: NDArray,
    r1: NDArray,
    r2: NDArray,
    lr: float,
    lower_bound: float = ...,
    upper_bound: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def lesser(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def lesser_equal(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_det(A: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_extractdiag(A: NDArray, offset: int = ..., out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_extracttrian(
    A: NDArray, offset: int = ..., lower: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def linalg_gelqf(A: NDArray, out: Sequence[NDArray] | None = ..., name: str | None = ...) -> list[NDArray]: ...
def linalg_gemm(
    A: NDArray,
    B: NDArray,
    C: NDArray,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    alpha: float = ...,
    beta: float = ...,
    axis: int = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def linalg_gemm2(
    A: NDArray,
    B: NDArray,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    alpha: float = ...,
    axis: int = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def linalg_inverse(A: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_makediag(A: NDArray, offset: int = ..., out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_maketrian(
    A: NDArray, offset: int = ..., lower: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def linalg_potrf(A: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_potri(A: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_slogdet(A: NDArray, out: Sequence[NDArray] | None = ..., name: str | None = ...) -> list[NDArray]: ...
def linalg_sumlogdiag(A: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def linalg_syevd(A: NDArray, out: Sequence[NDArray] | None = ..., name: str | None = ...) -> list[NDArray]: ...
def linalg_syrk(
    A: NDArray, transpose: bool = ..., alpha: float = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def linalg_trmm(
    A: NDArray,
    B: NDArray,
    transpose: bool = ...,
    rightside: bool = ...,
    lower: bool = ...,
    alpha: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def linalg_trsm(
    A: NDArray,
    B: NDArray,
    transpose: bool = ...,
    rightside: bool = ...,
    lower: bool = ...,
    alpha: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def log(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def log10(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def log1p(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def log2(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def log_softmax(
    data: NDArray,
    axis: int = ...,
    temperature: float | None = ...,
    dtype: DTypeLike | None = ...,
    use_length: bool = ...,
    length: NDArray | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def logical_and(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def logical_not(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def logical_or(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def logical_xor(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def make_loss(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def max(
    data: NDArray,
    axis: Axes | None = ...,
    keepdims: bool = ...,
    exclude: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def maximum(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def mean(
    data: NDArray,
    axis: Axes | None = ...,
    keepdims: bool = ...,
    exclude: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def min(
    data: NDArray,
    axis: Axes | None = ...,
    keepdims: bool = ...,
    exclude: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def minimum(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def modulo(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def moments(
    data: NDArray,
    axes: Axes | None = ...,
    keepdims: bool = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def moveaxis(tensor: NDArray, source: Any, destination: Any) -> NDArray: ...
def mp_nag_mom_update(
    weight: NDArray,
    grad: NDArray,
    mom: NDArray,
    weight32: NDArray,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def mp_sgd_mom_update(
    weight: NDArray,
    grad: NDArray,
    mom: NDArray,
    weight32: NDArray,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def mp_sgd_update(
    weight: NDArray,
    grad: NDArray,
    weight32: NDArray,
    lr: float,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def multi_all_finite(
    *data: NDArray,
    num_arrays: int | None = ...,
    init_output: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def multi_lars(
    lrs: NDArray,
    weights_sum_sq: NDArray,
    grads_sum_sq: NDArray,
    wds: NDArray,
    eta: float,
    eps: float,
    rescale_grad: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def multi_mp_sgd_mom_update(
    *data: NDArray,
    lrs: Sequence[float],
    wds: Sequence[float],
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def multi_mp_sgd_update(
    *data: NDArray,
    lrs: Sequence[float],
    wds: Sequence[float],
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def multi_sgd_mom_update(
    *data: NDArray,
    lrs: Sequence[float],
    wds: Sequence[float],
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def multi_sgd_update(
    *data: NDArray,
    lrs: Sequence[float],
    wds: Sequence[float],
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def multi_sum_sq(
    *data: NDArray, num_arrays: int | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def multiply(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def nag_mom_update(
    weight: NDArray,
    grad: NDArray,
    mom: NDArray,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def nanprod(
    data: NDArray,
    axis: Axes | None = ...,
    keepdims: bool = ...,
    exclude: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def nansum(
    data: NDArray,
    axis: Axes | None = ...,
    keepdims: bool = ...,
    exclude: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def negative(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def norm(
    data: NDArray,
    ord: int = ...,
    axis: Axes | None = ...,
    out_dtype: Any = ...,
    keepdims: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def not_equal(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def one_hot(
    indices: NDArray,
    depth: int,
    on_value: float = ...,
    off_value: float = ...,
    dtype: DTypeLike = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def onehot_encode(indices: NDArray, out: NDArray) -> NDArray: ...
def ones_like(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def pad(
    data: NDArray,
    mode: str = ...,
    pad_width: ShapeLike | None = ...,
    constant_value: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def pick(
    data: NDArray,
    index: NDArray,
    axis: int | None = ...,
    keepdims: bool = ...,
    mode: str = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def power(base: ArrayLike, exp: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def preloaded_multi_mp_sgd_mom_update(
    *data: NDArray,
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def preloaded_multi_mp_sgd_update(
    *data: NDArray,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def preloaded_multi_sgd_mom_update(
    *data: NDArray,
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def preloaded_multi_sgd_update(
    *data: NDArray,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Sequence[NDArray] | None = ...,
    name: str | None = ...,
) -> list[NDArray]: ...
def prod(
    data: NDArray,
    axis: Axes | None = ...,
    keepdims: bool = ...,
    exclude: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def radians(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def random_exponential(
    lam: float = ...,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_gamma(
    alpha: float = ...,
    beta: float = ...,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_generalized_negative_binomial(
    mu: float = ...,
    alpha: float = ...,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_negative_binomial(
    k: int = ...,
    p: float = ...,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_normal(
    loc: float = ...,
    scale: float = ...,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_pdf_dirichlet(
    sample: NDArray, alpha: NDArray, is_log: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def random_pdf_exponential(
    sample: NDArray, lam: NDArray, is_log: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def random_pdf_gamma(
    sample: NDArray,
    alpha: NDArray,
    beta: NDArray,
    is_log: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_pdf_generalized_negative_binomial(
    sample: NDArray, mu: NDArray, alpha: NDArray, is_log: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def random_pdf_negative_binomial(
    sample: NDArray, k: NDArray, p: NDArray, is_log: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def random_pdf_normal(
    sample: NDArray, mu: NDArray, sigma: NDArray, is_log: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def random_pdf_poisson(
    sample: NDArray, lam: NDArray, is_log: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def random_pdf_uniform(
    sample: NDArray, low: NDArray, high: NDArray, is_log: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def random_poisson(
    lam: float = ...,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_randint(
    low: int,
    high: int,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def random_uniform(
    low: float = ...,
    high: float = ...,
    shape: ShapeLike | None = ...,
    ctx: Context | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def ravel_multi_index(
    data: NDArray, shape: ShapeLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def rcbrt(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def reciprocal(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def relu(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def repeat(
    data: NDArray, repeats: int, axis: int | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def reset_arrays(
    *data: NDArray, num_arrays: int | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> None: ...
def reshape(
    data: NDArray,
    shape: ShapeLike | None = ...,
    reverse: bool = ...,
    target_shape: ShapeLike | None = ...,
    keep_highest: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def reshape_like(
    lhs: NDArray,
    rhs: NDArray,
    lhs_begin: int | None = ...,
    lhs_end: int | None = ...,
    rhs_begin: int | None = ...,
    rhs_end: int | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def rint(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def rmsprop_update(
    weight: NDArray,
    grad: NDArray,
    n: NDArray,
    lr: float,
    gamma1: float = ...,
    epsilon: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    clip_weights: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def rmspropalex_update(
    weight: NDArray,
    grad: NDArray,
    n: NDArray,
    g: NDArray,
    delta: NDArray,
    lr: float,
    gamma1: float = ...,
    gamma2: float = ...,
    epsilon: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    clip_weights: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def round(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def rsqrt(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def sample_exponential(
    lam: NDArray,
    shape: ShapeLike | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sample_gamma(
    alpha: NDArray,
    beta: NDArray,
    shape: ShapeLike | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sample_generalized_negative_binomial(
    mu: NDArray,
    alpha: NDArray,
    shape: ShapeLike | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sample_multinomial(
    data: NDArray,
    shape: ShapeLike | None = ...,
    get_prob: bool = ...,
    dtype: DTypeLike = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> Any: ...
def sample_negative_binomial(
    k: NDArray,
    p: NDArray,
    shape: ShapeLike | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sample_normal(
    mu: NDArray,
    sigma: NDArray,
    shape: ShapeLike | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sample_poisson(
    lam: NDArray,
    shape: ShapeLike | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sample_uniform(
    low: NDArray,
    high: NDArray,
    shape: ShapeLike | None = ...,
    dtype: DTypeLike | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def scatter_nd(
    data: NDArray, indices: NDArray, shape: ShapeLike, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def sgd_mom_update(
    weight: NDArray,
    grad: NDArray,
    mom: NDArray,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sgd_update(
    weight: NDArray,
    grad: NDArray,
    lr: float,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def shape_array(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def shuffle(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def sigmoid(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def sign(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def signsgd_update(
    weight: NDArray,
    grad: NDArray,
    lr: float,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def signum_update(
    weight: NDArray,
    grad: NDArray,
    mom: NDArray,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    wd_lh: float = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def sin(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def sinh(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def size_array(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def slice(
    data: NDArray, begin: Any, end: Any, step: Any = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def slice_axis(
    data: NDArray, axis: int, begin: int, end: int | None, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def slice_like(
    data: NDArray, shape_like: NDArray, axes: Axes | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def smooth_l1(data: NDArray, scalar: float = ..., out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def softmax(
    data: NDArray,
    length: NDArray | None = ...,
    axis: int = ...,
    temperature: float | None = ...,
    dtype: DTypeLike | None = ...,
    use_length: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def softmax_cross_entropy(
    data: NDArray, label: NDArray, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def softmin(
    data: NDArray,
    axis: int = ...,
    temperature: float | None = ...,
    dtype: DTypeLike | None = ...,
    use_length: bool = ...,
    length: NDArray | None = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def softsign(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def sort(
    data: NDArray, axis: int | None = ..., is_ascend: bool = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def space_to_depth(data: NDArray, block_size: int, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def split(
    data: NDArray,
    num_outputs: int,
    axis: int = ...,
    squeeze_axis: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> Any: ...
def split_v2(ary: NDArray, indices_or_sections: Any, axis: int = ..., squeeze_axis: bool = ...) -> Any: ...
def sqrt(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def square(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def squeeze(
    data: NDArray, axis: Axes | None = ..., out: NDArray | None = ..., name: str | None = ..., inplace: bool = ...
) -> NDArray: ...
def stack(
    *data: NDArray, axis: int = ..., num_args: int | None = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def stop_gradient(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def subtract(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def sum(
    data: NDArray,
    axis: Axes | None = ...,
    keepdims: bool = ...,
    exclude: bool = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> NDArray: ...
def swapaxes(
    data: NDArray, dim1: int = ..., dim2: int = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def take(
    a: NDArray, indices: Any, axis: int = ..., mode: str = ..., out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def tan(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def tanh(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def tile(data: NDArray, reps: Any, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def topk(
    data: NDArray,
    axis: int | None = ...,
    k: int = ...,
    ret_typ: str = ...,
    is_ascend: bool = ...,
    dtype: DTypeLike = ...,
    out: NDArray | None = ...,
    name: str | None = ...,
) -> Any: ...
def transpose(
    data: NDArray, axes: Axes | None = ..., *more: int, out: NDArray | None = ..., name: str | None = ...
) -> NDArray: ...
def true_divide(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def trunc(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def unravel_index(data: NDArray, shape: ShapeLike, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def where(condition: NDArray, x: NDArray, y: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...
def zeros_like(data: NDArray, out: NDArray | None = ..., name: str | None = ...) -> NDArray: ...

BatchNorm_v1 = BatchNorm
BlockGrad = stop_gradient
CTCLoss = ctc_loss
Cast = cast
Concat = concat
Convolution_v1 = Convolution
ElementWiseSum = add_n
Flatten = flatten
Pad = pad
Pooling_v1 = Pooling
Reshape = reshape
SliceChannel = split
Softmax = SoftmaxOutput
SwapAxis = swapaxes
amp_cast = cast
broadcast_axes = broadcast_axis
choose_element_0index = pick
crop = slice
max_axis = max
min_axis = min
normal = random_normal
reverse = flip
sum_axis = sum
uniform = random_uniform
