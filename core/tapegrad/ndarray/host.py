"""Arrays of NumPy as MXNet's programs expect them."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["array"]


class array(np.ndarray[Any, Any]):
    """A NumPy array with one element that is also a number: `float(a)`, `int(a)` and `"%f" % a` give that element.

    All arrays of one element were so until NumPy 2.4, and `"%f" % loss.mean().asnumpy()` is all over MXNet's programs.
    What is computed from it is an ordinary NumPy array; it prints like one, too, which is why it has this name.
    """

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else np.asarray(array)
