"""Names that people type from other libraries, and what to use instead: one table, for modules and for arrays."""

from __future__ import annotations

from typing import Any, NoReturn

__all__ = ["advise", "foreign_advice"]


def _all_of(names: str, advice: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), advice)


FUNCTIONS = {
    **_all_of(
        "grad value_and_grad vjp jvp vmap jacobian jacrev jacfwd hessian hvp checkpoint linearize custom",
        "transforms are in tapegrad itself",
    ),
    **_all_of("jit compile", "ops run at once; an engine's own compiler takes functions that call tapegrad"),
    **_all_of("no_grad inference_mode", "nothing is recorded outside record(); within it, use tapegrad.pause()"),
    **_all_of("tensor as_tensor from_numpy", "make arrays with tapegrad.numpy.asarray(...)"),
    **_all_of("Tensor Variable DeviceArray ArrayBox", "arrays are tapegrad.numpy.ndarray, made by asarray(...)"),
    **_all_of("matrix mat asmatrix bmat", "make an array, and write @ for the product of matrices"),
    **_all_of("ma masked_array", "give the mask to where=, or choose by where(mask, x, y)"),
    **_all_of(
        "relu gelu sigmoid softplus leaky_relu silu elu selu softmax log_softmax one_hot conv2d max_pool2d",
        "activations are in tapegrad.ops.activations and tapegrad.numpy.special, layers' functions in tapegrad.nd",
    ),
    **_all_of("erf erfc gammaln digamma expit logit", "special functions are in tapegrad.numpy.special"),
    **_all_of("cat", "use concatenate"),
    **_all_of("mm bmm mv", "use matmul, or x @ y"),
    **_all_of("unsqueeze", "use expand_dims"),
    **_all_of("permute", "use permute_dims or transpose"),
    **_all_of("clamp", "use clip"),
    **_all_of("norm det inv svd solve eigh cholesky pinv", "linear algebra is in tapegrad.numpy.linalg"),
    **_all_of("float int object str", "write float64 or int64, or Python's own type"),
    **_all_of("frompyfunc", "functions of arrays act on all elements; of one example use tapegrad.vmap"),
}
"""In `tapegrad.numpy`."""

ATTRIBUTES = {
    **_all_of("requires_grad requires_grad_", "call x.attach_grad() to make it a variable, or use tapegrad.grad"),
    **_all_of("grad_fn is_leaf retain_grad_", "tapegrad.draw(x) and tapegrad.tape_summary(x) show what it came from"),
    **_all_of("numpy", "use x.asnumpy()"),
    **_all_of("cpu cuda", 'use x.to("cpu(0)") or x.to("gpu(0)")'),
    **_all_of("zero_ zero_grad", 'gradients are overwritten by each backward; with grad_req="add" write x.grad[:] = 0'),
    **_all_of("unsqueeze", "use x[None] or tapegrad.numpy.expand_dims"),
    **_all_of("permute", "use x.transpose(...)"),
    **_all_of("block_until_ready", "use tapegrad.nd.waitall()"),
    **_all_of("add_ mul_ sub_ div_ copy_ fill_", "write in place as in NumPy: x += y, x[...] = y"),
    **_all_of("double float half long", "use x.astype(...)"),
    **_all_of("mm bmm matmul", "use x @ y"),
    **_all_of("exp log sqrt tanh sin cos sigmoid relu", "use the function of tapegrad.numpy: tapegrad.numpy.exp(x)"),
    **_all_of("tofile tobytes dumps", "take a copy on the host first, x.asnumpy()"),
}
"""Of an array of `tapegrad.numpy`."""


def foreign_advice(name: str) -> str:
    """What to use for a function of another library, to stand behind the words of an error; empty where unknown."""
    return f": {FUNCTIONS[name]}" if name in FUNCTIONS else ""


class _Advice:
    """An attribute that is not there, and says what to use."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, x: Any, cls: type) -> NoReturn:
        raise AttributeError(f"{cls.__name__!r} object has no attribute {self.name!r}: {ATTRIBUTES[self.name]}")


def advise(cls: type) -> None:
    """Let a class of arrays answer to the attributes of other libraries with what to use."""
    for name in ATTRIBUTES:
        if not hasattr(cls, name):
            setattr(cls, name, _Advice(name))
