"""Functions of arrays. Written by tests/mxnet/stubs.py."""

from collections.abc import Iterable
from typing import Any

from ..context import Context
from .ndarray import NDArray

def Activation(data: Any, act_type: str, out: Any = ..., name: Any = ...) -> NDArray: ...
def BatchNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_var: Any,
    eps: float = ...,
    momentum: float = ...,
    fix_gamma: bool = ...,
    use_global_stats: bool = ...,
    output_mean_var: bool = ...,
    axis: int = ...,
    cudnn_off: Any = ...,
    min_calib_range: Any = ...,
    max_calib_range: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> Any: ...
def BilinearSampler(data: Any, grid: Any, cudnn_off: Any = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def Convolution(
    data: Any,
    weight: Any,
    bias: Any = ...,
    kernel: Any = ...,
    stride: Any = ...,
    dilate: Any = ...,
    pad: Any = ...,
    num_filter: int | None = ...,
    num_group: int = ...,
    workspace: int | None = ...,
    no_bias: bool = ...,
    cudnn_tune: Any = ...,
    cudnn_off: Any = ...,
    layout: str | None = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def Crop(
    *data: Any,
    offset: Any = ...,
    h_w: Any = ...,
    center_crop: bool = ...,
    num_args: int | None = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def Deconvolution(
    data: Any,
    weight: Any,
    bias: Any = ...,
    kernel: Any = ...,
    stride: Any = ...,
    dilate: Any = ...,
    pad: Any = ...,
    adj: Any = ...,
    target_shape: Any = ...,
    num_filter: int | None = ...,
    num_group: int = ...,
    workspace: int | None = ...,
    no_bias: bool = ...,
    cudnn_tune: Any = ...,
    cudnn_off: Any = ...,
    layout: str | None = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def Dropout(
    data: Any, p: float = ..., mode: str = ..., axes: Any = ..., cudnn_off: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def Embedding(
    data: Any,
    weight: Any,
    input_dim: int | None = ...,
    output_dim: int | None = ...,
    dtype: Any = ...,
    sparse_grad: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def FullyConnected(
    data: Any,
    weight: Any,
    bias: Any = ...,
    num_hidden: int | None = ...,
    no_bias: bool = ...,
    flatten: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def GridGenerator(
    data: Any, transform_type: str, target_shape: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def GroupNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    num_groups: int = ...,
    eps: float = ...,
    output_mean_var: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> Any: ...
def InstanceNorm(data: Any, gamma: Any, beta: Any, eps: float = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def L2Normalization(data: Any, eps: float = ..., mode: str = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def LRN(
    data: Any,
    alpha: float = ...,
    beta: float = ...,
    knorm: float = ...,
    nsize: int | None = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def LayerNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    axis: int = ...,
    eps: float = ...,
    output_mean_var: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> Any: ...
def LeakyReLU(
    data: Any,
    gamma: Any = ...,
    act_type: str = ...,
    slope: float = ...,
    lower_bound: float = ...,
    upper_bound: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def LinearRegressionOutput(
    data: Any, label: Any, grad_scale: float = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def LogisticRegressionOutput(
    data: Any, label: Any, grad_scale: float = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def MAERegressionOutput(data: Any, label: Any, grad_scale: float = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def MakeLoss(
    data: Any,
    grad_scale: float = ...,
    valid_thresh: float = ...,
    normalization: str = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def Pooling(
    data: Any,
    kernel: Any = ...,
    pool_type: str = ...,
    global_pool: bool = ...,
    cudnn_off: Any = ...,
    pooling_convention: str = ...,
    stride: Any = ...,
    pad: Any = ...,
    p_value: int | None = ...,
    count_include_pad: bool = ...,
    layout: str | None = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def RNN(
    data: Any,
    parameters: Any,
    state: Any,
    state_cell: Any = ...,
    sequence_length: Any = ...,
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
    out: Any = ...,
    name: Any = ...,
) -> Any: ...
def ROIPooling(
    data: Any, rois: Any, pooled_size: Any, spatial_scale: float, out: Any = ..., name: Any = ...
) -> NDArray: ...
def SVMOutput(
    data: Any,
    label: Any,
    margin: float = ...,
    regularization_coefficient: float = ...,
    use_linear: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def SequenceLast(
    data: Any,
    sequence_length: Any = ...,
    use_sequence_length: bool = ...,
    axis: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def SequenceMask(
    data: Any,
    sequence_length: Any = ...,
    use_sequence_length: bool = ...,
    value: float = ...,
    axis: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def SequenceReverse(
    data: Any,
    sequence_length: Any = ...,
    use_sequence_length: bool = ...,
    axis: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def SoftmaxActivation(data: Any, mode: str = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def SoftmaxOutput(
    data: Any,
    label: Any,
    grad_scale: float = ...,
    ignore_label: float = ...,
    multi_output: bool = ...,
    use_ignore: bool = ...,
    preserve_shape: bool = ...,
    normalization: str = ...,
    out_grad: bool = ...,
    smooth_alpha: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def SpatialTransformer(
    data: Any,
    loc: Any,
    target_shape: Any = ...,
    transform_type: str = ...,
    sampler_type: str = ...,
    cudnn_off: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def UpSampling(
    *data: Any,
    scale: int = ...,
    num_filter: int = ...,
    sample_type: str = ...,
    multi_input_mode: str = ...,
    num_args: int | None = ...,
    workspace: int | None = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def abs(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def adam_update(
    weight: Any,
    grad: Any,
    mean: Any,
    var: Any,
    lr: float,
    beta1: float = ...,
    beta2: float = ...,
    epsilon: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def add(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def add_n(*args: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def all_finite(data: Any, init_output: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def amp_multicast(
    *data: Any, num_outputs: int | None = ..., cast_narrow: bool = ..., out: Any = ..., name: Any = ...
) -> list[NDArray]: ...
def arccos(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def arccosh(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def arcsin(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def arcsinh(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def arctan(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def arctanh(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def argmax(data: Any, axis: int | None = ..., keepdims: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def argmax_channel(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def argmin(data: Any, axis: int | None = ..., keepdims: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def argsort(
    data: Any, axis: int | None = ..., is_ascend: bool = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def batch_dot(
    lhs: Any,
    rhs: Any,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    forward_stype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def batch_take(a: Any, indices: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_add(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_axis(data: Any, axis: Any = ..., size: Any = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_div(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_greater(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_greater_equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_hypot(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_lesser(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_lesser_equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_like(
    lhs: Any, rhs: Any, lhs_axes: Any = ..., rhs_axes: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def broadcast_logical_and(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_logical_or(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_logical_xor(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_maximum(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_minimum(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_minus(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_mod(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_mul(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_not_equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_plus(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_power(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_sub(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def broadcast_to(data: Any, shape: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def cast(data: Any, dtype: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def cast_storage(data: Any, stype: str = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def cbrt(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def ceil(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def clip(
    data: Any, a_min: float | None = ..., a_max: float | None = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def col2im(
    data: Any,
    output_size: Any,
    kernel: Any,
    stride: Any = ...,
    dilate: Any = ...,
    pad: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def concat(*data: Any, dim: int = ..., num_args: int | None = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def concatenate(arrays: Iterable[Any], axis: int = ..., always_copy: bool = ...) -> NDArray: ...
def cos(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def cosh(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def ctc_loss(
    data: Any,
    label: Any,
    data_lengths: Any = ...,
    label_lengths: Any = ...,
    use_data_lengths: bool = ...,
    use_label_lengths: bool = ...,
    blank_label: str = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def cumsum(a: Any, axis: int | None = ..., dtype: Any = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def degrees(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def depth_to_space(data: Any, block_size: int, out: Any = ..., name: Any = ...) -> NDArray: ...
def diag(data: Any, k: int = ..., axis1: int = ..., axis2: int = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def divide(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def dot(
    lhs: Any,
    rhs: Any,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    forward_stype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def elemwise_add(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def elemwise_div(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def elemwise_mul(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def elemwise_sub(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def erf(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def erfinv(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def exp(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def expand_dims(data: Any, axis: int, out: Any = ..., name: Any = ..., inplace: bool = ...) -> NDArray: ...
def expm1(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def fill_element_0index(lhs: Any, mhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def fix(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def flatten(data: Any, out: Any = ..., name: Any = ..., inplace: bool = ...) -> NDArray: ...
def flip(data: Any, axis: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def floor(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def ftml_update(
    weight: Any,
    grad: Any,
    d: Any,
    v: Any,
    z: Any,
    lr: float,
    beta1: float = ...,
    beta2: float = ...,
    epsilon: float = ...,
    t: int | None = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_grad: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def ftrl_update(
    weight: Any,
    grad: Any,
    z: Any,
    n: Any,
    lr: float,
    lamda1: float = ...,
    beta: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def gamma(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def gammaln(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def gather_nd(data: Any, indices: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def greater(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def greater_equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def hard_sigmoid(data: Any, alpha: float = ..., beta: float = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def histogram(a: Any, bins: Any = ..., range: Any = ...) -> tuple[NDArray, NDArray]: ...
def identity(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def im2col(
    data: Any, kernel: Any, stride: Any = ..., dilate: Any = ..., pad: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def khatri_rao(*args: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def lamb_update_phase1(
    weight: Any,
    grad: Any,
    mean: Any,
    var: Any,
    beta1: float = ...,
    beta2: float = ...,
    epsilon: float = ...,
    t: int | None = ...,
    bias_correction: bool = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def lamb_update_phase2(
    weight: Any,
    g: Any,
    r1: Any,
    r2: Any,
    lr: float,
    lower_bound: float = ...,
    upper_bound: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def lesser(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def lesser_equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_det(A: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_extractdiag(A: Any, offset: int = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_extracttrian(A: Any, offset: int = ..., lower: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_gelqf(A: Any, out: Any = ..., name: Any = ...) -> list[NDArray]: ...
def linalg_gemm(
    A: Any,
    B: Any,
    C: Any,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    alpha: float = ...,
    beta: float = ...,
    axis: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def linalg_gemm2(
    A: Any,
    B: Any,
    transpose_a: bool = ...,
    transpose_b: bool = ...,
    alpha: float = ...,
    axis: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def linalg_inverse(A: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_makediag(A: Any, offset: int = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_maketrian(A: Any, offset: int = ..., lower: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_potrf(A: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_potri(A: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_slogdet(A: Any, out: Any = ..., name: Any = ...) -> list[NDArray]: ...
def linalg_sumlogdiag(A: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_syevd(A: Any, out: Any = ..., name: Any = ...) -> list[NDArray]: ...
def linalg_syrk(A: Any, transpose: bool = ..., alpha: float = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def linalg_trmm(
    A: Any,
    B: Any,
    transpose: bool = ...,
    rightside: bool = ...,
    lower: bool = ...,
    alpha: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def linalg_trsm(
    A: Any,
    B: Any,
    transpose: bool = ...,
    rightside: bool = ...,
    lower: bool = ...,
    alpha: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def log(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def log10(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def log1p(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def log2(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def log_softmax(
    data: Any,
    axis: int = ...,
    temperature: float | None = ...,
    dtype: Any = ...,
    use_length: bool = ...,
    length: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def logical_and(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def logical_not(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def logical_or(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def logical_xor(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def make_loss(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def max(
    data: Any, axis: Any = ..., keepdims: bool = ..., exclude: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def maximum(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def mean(
    data: Any, axis: Any = ..., keepdims: bool = ..., exclude: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def min(
    data: Any, axis: Any = ..., keepdims: bool = ..., exclude: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def minimum(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def modulo(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def moments(data: Any, axes: Any = ..., keepdims: bool = ..., out: Any = ..., name: Any = ...) -> list[NDArray]: ...
def moveaxis(tensor: Any, source: Any, destination: Any) -> NDArray: ...
def mp_nag_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    weight32: Any,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def mp_sgd_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    weight32: Any,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def mp_sgd_update(
    weight: Any,
    grad: Any,
    weight32: Any,
    lr: float,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def multi_all_finite(
    *data: Any, num_arrays: int | None = ..., init_output: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def multi_lars(
    lrs: Any,
    weights_sum_sq: Any,
    grads_sum_sq: Any,
    wds: Any,
    eta: float,
    eps: float,
    rescale_grad: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def multi_mp_sgd_mom_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def multi_mp_sgd_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def multi_sgd_mom_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def multi_sgd_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def multi_sum_sq(*data: Any, num_arrays: int | None = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def multiply(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def nag_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def nanprod(
    data: Any, axis: Any = ..., keepdims: bool = ..., exclude: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def nansum(
    data: Any, axis: Any = ..., keepdims: bool = ..., exclude: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def negative(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def norm(
    data: Any,
    ord: int = ...,
    axis: Any = ...,
    out_dtype: Any = ...,
    keepdims: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def not_equal(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def one_hot(
    indices: Any,
    depth: int,
    on_value: float = ...,
    off_value: float = ...,
    dtype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def onehot_encode(indices: Any, out: Any) -> NDArray: ...
def ones_like(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def pad(
    data: Any, mode: str = ..., pad_width: Any = ..., constant_value: float = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def pick(
    data: Any,
    index: Any,
    axis: int | None = ...,
    keepdims: bool = ...,
    mode: str = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def power(base: Any, exp: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def preloaded_multi_mp_sgd_mom_update(
    *data: Any,
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def preloaded_multi_mp_sgd_update(
    *data: Any,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def preloaded_multi_sgd_mom_update(
    *data: Any,
    momentum: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def preloaded_multi_sgd_update(
    *data: Any,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    num_weights: int = ...,
    out: Any = ...,
    name: Any = ...,
) -> list[NDArray]: ...
def prod(
    data: Any, axis: Any = ..., keepdims: bool = ..., exclude: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def radians(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def random_exponential(
    lam: float = ..., shape: Any = ..., ctx: Context | None = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_gamma(
    alpha: float = ...,
    beta: float = ...,
    shape: Any = ...,
    ctx: Context | None = ...,
    dtype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def random_generalized_negative_binomial(
    mu: float = ...,
    alpha: float = ...,
    shape: Any = ...,
    ctx: Context | None = ...,
    dtype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def random_negative_binomial(
    k: int = ...,
    p: float = ...,
    shape: Any = ...,
    ctx: Context | None = ...,
    dtype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def random_normal(
    loc: float = ...,
    scale: float = ...,
    shape: Any = ...,
    ctx: Context | None = ...,
    dtype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def random_pdf_dirichlet(sample: Any, alpha: Any, is_log: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def random_pdf_exponential(sample: Any, lam: Any, is_log: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def random_pdf_gamma(
    sample: Any, alpha: Any, beta: Any, is_log: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_pdf_generalized_negative_binomial(
    sample: Any, mu: Any, alpha: Any, is_log: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_pdf_negative_binomial(
    sample: Any, k: Any, p: Any, is_log: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_pdf_normal(
    sample: Any, mu: Any, sigma: Any, is_log: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_pdf_poisson(sample: Any, lam: Any, is_log: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def random_pdf_uniform(
    sample: Any, low: Any, high: Any, is_log: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_poisson(
    lam: float = ..., shape: Any = ..., ctx: Context | None = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_randint(
    low: int, high: int, shape: Any = ..., ctx: Context | None = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def random_uniform(
    low: float = ...,
    high: float = ...,
    shape: Any = ...,
    ctx: Context | None = ...,
    dtype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def ravel_multi_index(data: Any, shape: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def rcbrt(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def reciprocal(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def relu(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def repeat(data: Any, repeats: int, axis: int | None = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def reset_arrays(*data: Any, num_arrays: int | None = ..., out: Any = ..., name: Any = ...) -> None: ...
def reshape(
    data: Any,
    shape: Any = ...,
    reverse: bool = ...,
    target_shape: Any = ...,
    keep_highest: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def reshape_like(
    lhs: Any,
    rhs: Any,
    lhs_begin: int | None = ...,
    lhs_end: int | None = ...,
    rhs_begin: int | None = ...,
    rhs_end: int | None = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def rint(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def rmsprop_update(
    weight: Any,
    grad: Any,
    n: Any,
    lr: float,
    gamma1: float = ...,
    epsilon: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    clip_weights: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def rmspropalex_update(
    weight: Any,
    grad: Any,
    n: Any,
    g: Any,
    delta: Any,
    lr: float,
    gamma1: float = ...,
    gamma2: float = ...,
    epsilon: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    clip_weights: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def round(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def rsqrt(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def sample_exponential(lam: Any, shape: Any = ..., dtype: Any = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def sample_gamma(
    alpha: Any, beta: Any, shape: Any = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def sample_generalized_negative_binomial(
    mu: Any, alpha: Any, shape: Any = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def sample_multinomial(
    data: Any, shape: Any = ..., get_prob: bool = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> Any: ...
def sample_negative_binomial(
    k: Any, p: Any, shape: Any = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def sample_normal(
    mu: Any, sigma: Any, shape: Any = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def sample_poisson(lam: Any, shape: Any = ..., dtype: Any = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def sample_uniform(
    low: Any, high: Any, shape: Any = ..., dtype: Any = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def scatter_nd(data: Any, indices: Any, shape: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def sgd_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def sgd_update(
    weight: Any,
    grad: Any,
    lr: float,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    lazy_update: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def shape_array(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def shuffle(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def sigmoid(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def sign(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def signsgd_update(
    weight: Any,
    grad: Any,
    lr: float,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def signum_update(
    weight: Any,
    grad: Any,
    mom: Any,
    lr: float,
    momentum: float = ...,
    wd: float = ...,
    rescale_grad: float = ...,
    clip_gradient: float = ...,
    wd_lh: float = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def sin(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def sinh(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def size_array(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def slice(data: Any, begin: Any, end: Any, step: Any = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def slice_axis(data: Any, axis: int, begin: int, end: int | None, out: Any = ..., name: Any = ...) -> NDArray: ...
def slice_like(data: Any, shape_like: Any, axes: Any = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def smooth_l1(data: Any, scalar: float = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def softmax(
    data: Any,
    length: Any = ...,
    axis: int = ...,
    temperature: float | None = ...,
    dtype: Any = ...,
    use_length: bool = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def softmax_cross_entropy(data: Any, label: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def softmin(
    data: Any,
    axis: int = ...,
    temperature: float | None = ...,
    dtype: Any = ...,
    use_length: bool = ...,
    length: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> NDArray: ...
def softsign(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def sort(data: Any, axis: int | None = ..., is_ascend: bool = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def space_to_depth(data: Any, block_size: int, out: Any = ..., name: Any = ...) -> NDArray: ...
def split(
    data: Any, num_outputs: int, axis: int = ..., squeeze_axis: bool = ..., out: Any = ..., name: Any = ...
) -> Any: ...
def split_v2(ary: Any, indices_or_sections: Any, axis: int = ..., squeeze_axis: bool = ...) -> Any: ...
def sqrt(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def square(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def squeeze(data: Any, axis: Any = ..., out: Any = ..., name: Any = ..., inplace: bool = ...) -> NDArray: ...
def stack(*data: Any, axis: int = ..., num_args: int | None = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def stop_gradient(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def subtract(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def sum(
    data: Any, axis: Any = ..., keepdims: bool = ..., exclude: bool = ..., out: Any = ..., name: Any = ...
) -> NDArray: ...
def swapaxes(data: Any, dim1: int = ..., dim2: int = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def take(a: Any, indices: Any, axis: int = ..., mode: str = ..., out: Any = ..., name: Any = ...) -> NDArray: ...
def tan(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def tanh(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def tile(data: Any, reps: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def topk(
    data: Any,
    axis: int | None = ...,
    k: int = ...,
    ret_typ: str = ...,
    is_ascend: bool = ...,
    dtype: Any = ...,
    out: Any = ...,
    name: Any = ...,
) -> Any: ...
def transpose(data: Any, axes: Any = ..., *more: int, out: Any = ..., name: Any = ...) -> NDArray: ...
def true_divide(lhs: Any, rhs: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def trunc(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def unravel_index(data: Any, shape: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def where(condition: Any, x: Any, y: Any, out: Any = ..., name: Any = ...) -> NDArray: ...
def zeros_like(data: Any, out: Any = ..., name: Any = ...) -> NDArray: ...

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
