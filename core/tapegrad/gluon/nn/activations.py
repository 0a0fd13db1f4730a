"""Activations as blocks; what each computes is the function of `nd` that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import initializer
from ...errors import ArgumentError
from ..block import Layer

if TYPE_CHECKING:
    from ...initializer import Initializer

__all__ = ["ELU", "GELU", "SELU", "Activation", "LeakyReLU", "PReLU", "Swish"]


class Activation(Layer):
    """`nd.Activation`: "relu", "sigmoid", "tanh", "softrelu" or "softsign".

    >>> Activation("tanh")
    Activation(tanh)
    """

    def __init__(self, activation: str, **kwargs: Any) -> None:
        self._act_type = activation
        super().__init__(**kwargs)

    def _alias(self) -> str:
        return self._act_type

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._act_type})"

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.Activation(x, act_type=self._act_type)


class LeakyReLU(Layer):
    """`x` above 0, `alpha · x` below.

    Raises: `ValueError` for an `alpha` below 0.

    >>> LeakyReLU(0.1)
    LeakyReLU(0.1)
    """

    def __init__(self, alpha: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if alpha < 0:
            raise ArgumentError(f"LeakyReLU(): alpha is {alpha}; give a number from 0 up")
        self._alpha = alpha

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._alpha})"

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="leaky", slope=self._alpha)


class PReLU(Layer):
    """`LeakyReLU` with a slope that is learned: one, or with `in_channels` one for each channel.

    >>> PReLU().alpha.shape
    (1,)
    """

    def __init__(self, alpha_initializer: Initializer | str | None = None, in_channels: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        with self.name_scope():
            init = initializer.Constant(0.25) if alpha_initializer is None else alpha_initializer
            self.alpha = self.params.get("alpha", shape=(in_channels,), init=init)

    def hybrid_forward(self, F: Any, x: Any, alpha: Any) -> Any:
        return F.LeakyReLU(x, gamma=alpha, act_type="prelu")


class ELU(Layer):
    """`x` above 0, `alpha (eˣ − 1)` below, of D.-A. Clevert et al. (2015).

    >>> from tapegrad import nd
    >>> ELU()(nd.array([2.0])).asscalar()
    np.float32(2.0)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._alpha = alpha

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="elu", slope=self._alpha)


class SELU(Layer):
    """`ELU` scaled so that activations normalize themselves, of G. Klambauer et al. (2017).

    >>> from tapegrad import nd
    >>> SELU()(nd.array([0.0])).asscalar()
    np.float32(0.0)
    """

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="selu")


class GELU(Layer):
    """`x` times the probability that a normal number is below it, of D. Hendrycks and K. Gimpel (2016).

    >>> from tapegrad import nd
    >>> GELU()(nd.array([0.0])).asscalar()
    np.float32(0.0)
    """

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.LeakyReLU(x, act_type="gelu")


class Swish(Layer):
    """`x · sigmoid(beta · x)`, of P. Ramachandran et al. (2017).

    >>> from tapegrad import nd
    >>> Swish()(nd.array([0.0])).asscalar()
    np.float32(0.0)
    """

    def __init__(self, beta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._beta = beta

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return x * F.sigmoid(self._beta * x)
