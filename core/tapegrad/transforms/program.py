"""The arrays that programs hold: what both faces have beyond operators, which is gradients, hooks, and moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..arrays.array import Array, handle, plain_value
from ..arrays.batched import engine_of
from ..arrays.face import face_class
from ..arrays.views import share
from ..engines.registry import get_backend
from ..ops import transfer
from ..tape.tracebacks import fold
from . import inspection, variables

if TYPE_CHECKING:
    from ..engines.backend import Backend


class ProgramArray(Array):
    """An array with the methods that every face has; rules and bodies of ops are handed arrays without them.

    Shapes: any.

    Dtypes: as `Array`.

    Raises: as `Array`.

    >>> import tapegrad.numpy as tnp
    >>> isinstance(tnp.ones(2), ProgramArray)
    True
    """

    __slots__ = ()

    @property
    def backend(self) -> Backend:
        """The engine that holds the numbers."""
        return engine_of(self).backend

    @property
    def device(self) -> str:
        """The device that holds the numbers, in tapegrad's names: `cpu(0)`, `gpu(1)`."""
        return transfer.device_of(self)

    def to(self, target: Any) -> Self:
        """The array on another engine (by its backend's name), on another device ("gpu(1)"), or both, as a pair.

        Differentiable: the cotangent makes the journey back, so that one graph may span engines. Raises
        `UnknownBackendError`, `BackendUnavailableError`, and `DtypeError` where the engine lacks the dtype.

        >>> import tapegrad
        >>> tapegrad.numpy.asarray([1.0, 2.0]).to("numpy").backend.name
        'numpy'
        """
        return transfer.to(self, target)

    def as_np_ndarray(self) -> Array:
        """The same values and place on the tape in the standard face, `tapegrad.numpy`, as a view.

        >>> from tapegrad import nd
        >>> nd.ones(2).as_np_ndarray()
        Array([1., 1.], dtype=float32)
        """
        return self._in_face("numpy")

    def as_nd_ndarray(self) -> Array:
        """The same values and place on the tape in the face of MXNet, `tapegrad.nd`, as a view.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([1.0, 2.0]).as_nd_ndarray()
        <BLANKLINE>
        [1. 2.]
        <NDArray 2 @cpu(0)>
        """
        return self._in_face("nd")

    def _in_face(self, name: str) -> Array:
        if self._face.name == name:
            return self
        view = handle(face_class(name), self._value, self._node, self._kernels)
        share(view, self, (Ellipsis,))
        return view

    @property
    def grad(self) -> Self | Any:  # or None: but then `w -= rate * w.grad` would be an error of types
        """The gradient that `backward` fills in, zeros until then; None without `attach_grad` or `retain_grad`."""
        return getattr(self, "_grad", None)

    if not TYPE_CHECKING:

        @grad.setter
        def grad(self, value):
            raise AttributeError(
                "grad is not set: each backward overwrites it; with grad_req='add' write x.grad[:] = 0, and "
                "x.attach_grad() makes x a variable"
            )

    def attach_grad(self, grad_req: str = "write") -> None:
        """Make this a variable: from now on `backward` puts its gradient into `.grad`.

        `grad_req`: "write" replaces the gradient at each backward, "add" adds to it, "null" keeps none. On the result
        of a computation it cuts the graph: the array becomes a variable of its own.

        Raises: `DtypeError` for integers or booleans, `ValueError` for an unknown `grad_req`.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray(3.0)
        >>> x.attach_grad("add")
        >>> for _ in range(2):
        ...     with tapegrad.record():
        ...         y = x * x
        ...     y.backward()
        >>> x.grad
        Array(12., dtype=float32)
        """
        variables.attach_grad(self, grad_req)

    def backward(self, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Put the gradients of this array into the `.grad` of the variables it was computed from.

        `out_grad`: the cotangent, of this array's shape and dtype; ones if None. `retain_graph`: keep the graph for
        another backward. `train_mode`: what `is_training()` is inside `autograd.Function.backward`.

        Raises: `NotRecordedError` for a constant, `GraphFreedError` where an earlier backward has freed the graph,
        `ShapeError` or `DtypeError` for a cotangent that does not fit.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> x.attach_grad()
        >>> with tapegrad.record():
        ...     y = x * x
        >>> y.backward(tnp.asarray([1.0, 10.0]))
        >>> x.grad
        Array([ 2., 40.], dtype=float32)
        """
        try:
            variables.backward([self], None if out_grad is None else [out_grad], retain_graph, False, train_mode)
        except Exception as error:
            fold(error)
            raise

    def register_hook(self, hook: Callable[[Any], Any]) -> inspection.Hook:
        """Call `hook` with the cotangent of this value in each sweep; as `tapegrad.transforms.inspection` does.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> x.attach_grad()
        >>> with tapegrad.record():
        ...     y = x * x
        ...     _ = y.register_hook(lambda g: g * 100)
        >>> y.backward()
        >>> x.grad
        Array([200., 400.], dtype=float32)
        """
        return inspection.register_hook(self, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate value in `.grad`, without cutting the graph as `attach_grad` does.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> x.attach_grad()
        >>> with tapegrad.record():
        ...     y = x * x
        ...     y.retain_grad()
        ...     z = (y * y).sum()
        >>> z.backward()
        >>> y.grad
        Array([2., 8.], dtype=float32)
        """
        inspection.retain_grad(self)

    def __reduce__(self) -> tuple[Any, ...]:
        self._check_escape("pickling")
        return rebuilt, (self.__class__, self.asnumpy(), self.backend.name, self.device)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        """The numbers for another library, as a DLPack capsule. Raises `GradientEscapeError` when tracked.

        What another library might write to is a copy; with `copy=False` it shares the memory, and must not write.
        """
        self._check_escape("DLPack")
        raw = plain_value(self, "__dlpack__")
        shared: Any = raw if copy is False else self.backend.adopt(raw, copy=True)
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device}
        chosen = {name: option for name, option in options.items() if option is not None}
        if isinstance(shared, np.generic):
            shared = np.array(shared)
        return shared.__dlpack__(**chosen)

    def __dlpack_device__(self) -> tuple[int, int]:
        """The device, in DLPack's numbers."""
        raw = plain_value(self, "__dlpack_device__")
        device: tuple[int, int] = (np.array(raw) if isinstance(raw, np.generic) else raw).__dlpack_device__()
        return device


def rebuilt(cls: type[Array], values: np.ndarray[Any, Any], backend: str, device: str) -> Array:
    """An array out of a pickle: on the engine it was on."""
    engine = get_backend(backend)
    return handle(cls, engine.from_numpy(values, device=device), None, engine.kernels)
