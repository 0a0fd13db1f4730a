"""Linear algebra on stacks of matrices: the last two axes are the matrix, those before them the stack.

Gradients of complex functions follow PyTorch's convention, pull(g) = Jᴴ g. The formulas are those of M. B. Giles,
"Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008), unless an op says
otherwise.
"""

from __future__ import annotations

from typing import Any


__all__: list[str] = []
