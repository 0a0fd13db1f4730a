"""W6: one step of gradient descent on two blocks of a GPT, where matrix products and many small operations mix.

Width 128, 4 heads, sequence 64, batch 8, float32: layer norm, causal attention, layer norm, a gelu layer of 4 x 128;
the loss is the mean square of what comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import (
    Case,
    Step,
    as_compiled,
    beside_hand,
    compiled_beside_hand,
    compiled_faster_than,
    descent_by_jax,
    faster_than,
)

EPSILON = np.float32(1e-5)
GELU = float(np.sqrt(2 / np.pi))
FAR_BELOW = np.float32(-1e9)


@dataclass(frozen=True)
class Blocks:
    """The input (batch, sequence, width) and each block's ten parameters in the order that `block` takes them."""

    x: np.ndarray
    parameters: tuple[tuple[np.ndarray, ...], ...]
    heads: int
    rate: float = 0.01

    @property
    def mask(self) -> np.ndarray:
        """What is added to the attention scores: zero where a position may look, far below elsewhere."""
        sequence = self.x.shape[1]
        return np.triu(np.full((sequence, sequence), FAR_BELOW), 1)


def blocks(batch: int, sequence: int, width: int, heads: int) -> Blocks:
    """Two blocks of random parameters on a random input."""
    draw = np.random.default_rng(0)

    def matrix(inputs: int, outputs: int) -> np.ndarray:
        return draw.normal(0, inputs**-0.5, (inputs, outputs)).astype(np.float32)

    def vector(size: int, around: float = 0.0) -> np.ndarray:
        return draw.normal(around, 0.1, size).astype(np.float32)

    def block() -> tuple[np.ndarray, ...]:
        return (
            *(vector(width, 1.0), vector(width)),
            *(matrix(width, 3 * width), matrix(width, width)),
            *(vector(width, 1.0), vector(width)),
            *(matrix(width, 4 * width), vector(4 * width), matrix(4 * width, width), vector(width)),
        )

    return Blocks(draw.standard_normal((batch, sequence, width), dtype=np.float32), (block(), block()), heads)


def magnified(problem: Blocks) -> Blocks:
    """The problem with a learning rate that makes the gradients larger than the parameters."""
    return replace(problem, rate=100.0)


def normalize(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Layer norm by hand: its value, and what its gradient needs."""
    centred = x - x.mean(axis=-1, keepdims=True)
    inverse = 1 / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + EPSILON)
    centred *= inverse
    return centred * scale + shift, (centred, inverse, scale)


def normalize_back(g: np.ndarray, kept: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradient of `normalize` in its input, scale and shift."""
    centred, inverse, scale = kept
    gscale, gshift = (g * centred).sum(axis=(0, 1)), g.sum(axis=(0, 1))
    g = g * scale
    along = (g * centred).mean(axis=-1, keepdims=True)
    return inverse * (g - g.mean(axis=-1, keepdims=True) - centred * along), gscale, gshift


def by_hand(problem: Blocks) -> Step:
    """NumPy by hand."""
    mask, heads = problem.mask, problem.heads
    parameters = [[value.copy() for value in block] for block in problem.parameters]
    batch, sequence, width = problem.x.shape
    per_head = width // heads
    shrink = np.float32(per_head**-0.5)

    def split(x: np.ndarray) -> np.ndarray:
        return x.reshape(batch, sequence, heads, per_head).transpose(0, 2, 1, 3)

    def join(x: np.ndarray) -> np.ndarray:
        return x.transpose(0, 2, 1, 3).reshape(batch, sequence, width)

    def flat(x: np.ndarray) -> np.ndarray:
        return x.reshape(-1, x.shape[-1])

    def forward(x: np.ndarray, block: list[np.ndarray]) -> tuple[np.ndarray, tuple[Any, ...]]:
        s1, h1, wqkv, wo, s2, h2, wi, bi, wp, bp = block
        n1, kept1 = normalize(x, s1, h1)
        q, k, v = (split(part) for part in np.split(n1 @ wqkv, 3, axis=-1))
        scores = q @ k.swapaxes(-1, -2)
        scores *= shrink
        scores += mask
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        attended = join(scores @ v)
        x = x + attended @ wo
        n2, kept2 = normalize(x, s2, h2)
        u = n2 @ wi
        u += bi
        t = np.tanh(GELU * (u + 0.044715 * u * u * u))
        a = 0.5 * u * (1 + t)
        out = x + a @ wp
        out += bp
        return out, (kept1, n1, q, k, v, scores, attended, kept2, n2, u, t, a)

    def backward(g: np.ndarray, block: list[np.ndarray], kept: tuple[Any, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
        _, _, wqkv, wo, _, _, wi, _, wp, _ = block
        kept1, n1, q, k, v, probabilities, attended, kept2, n2, u, t, a = kept
        gbp, gwp = flat(g).sum(axis=0), flat(a).T @ flat(g)
        gu = g @ wp.T
        gu *= 0.5 * (1 + t) + 0.5 * u * (1 - t * t) * (GELU * (1 + 3 * 0.044715 * u * u))
        gbi, gwi = flat(gu).sum(axis=0), flat(n2).T @ flat(gu)
        gx, gs2, gh2 = normalize_back(gu @ wi.T, kept2)
        g = g + gx

        gwo = flat(attended).T @ flat(g)
        gattended = split(g @ wo.T)
        gv = probabilities.swapaxes(-1, -2) @ gattended
        gscores = gattended @ v.swapaxes(-1, -2)
        gscores -= (gscores * probabilities).sum(axis=-1, keepdims=True)
        gscores *= probabilities
        gscores *= shrink
        gq, gk = gscores @ k, gscores.swapaxes(-1, -2) @ q
        gqkv = np.concatenate([join(gq), join(gk), join(gv)], axis=-1)
        gwqkv = flat(n1).T @ flat(gqkv)
        gx, gs1, gh1 = normalize_back(gqkv @ wqkv.T, kept1)
        return g + gx, [gs1, gh1, gwqkv, gwo, gs2, gh2, gwi, gbi, gwp, gbp]

    def step() -> tuple[np.ndarray, ...]:
        first, second = parameters
        middle, kept1 = forward(problem.x, first)
        out, kept2 = forward(middle, second)
        loss = np.mean(out * out)
        g, g2 = backward(out * np.float32(2 / out.size), second, kept2)
        _, g1 = backward(g, first, kept1)
        for parameter, gradient in zip((*first, *second), (*g1, *g2), strict=True):
            gradient *= problem.rate
            parameter -= gradient
        return loss, *first, *second

    return step


def by_tapegrad(problem: Blocks, *, in_stretches: bool = False) -> Step:
    """Tapegrad's imperative face; `in_stretches`, with a checkpoint around each half of a block."""
    from tapegrad import autograd, checkpoint, nd

    x, mask, heads = nd.array(problem.x), nd.array(problem.mask), problem.heads
    parameters = [[nd.array(value) for value in block] for block in problem.parameters]
    for parameter in (*parameters[0], *parameters[1]):
        parameter.attach_grad()
    batch, sequence, width = problem.x.shape
    per_head = width // heads

    def norm(x: nd.NDArray, scale: nd.NDArray, shift: nd.NDArray) -> nd.NDArray:
        centred = x - nd.mean(x, axis=-1, keepdims=True)
        variance = nd.mean(nd.square(centred), axis=-1, keepdims=True)
        return centred / nd.sqrt(variance + float(EPSILON)) * scale + shift

    def split(x: nd.NDArray) -> nd.NDArray:
        return nd.transpose(x.reshape((batch, sequence, heads, per_head)), (0, 2, 1, 3)).reshape((-3, -2))

    stretch = checkpoint if in_stretches else lambda part: part

    @stretch
    def attend(x: nd.NDArray, s1: nd.NDArray, h1: nd.NDArray, wqkv: nd.NDArray, wo: nd.NDArray) -> nd.NDArray:
        q, k, v = (split(part) for part in nd.split(nd.dot(norm(x, s1, h1), wqkv), num_outputs=3, axis=-1))
        scores = nd.batch_dot(q, k, transpose_b=True) * per_head**-0.5 + mask
        attended = nd.batch_dot(nd.softmax(scores), v).reshape((batch, heads, sequence, per_head))
        return x + nd.dot(nd.transpose(attended, (0, 2, 1, 3)).reshape((batch, sequence, width)), wo)

    @stretch
    def transform(x: nd.NDArray, s2: nd.NDArray, h2: nd.NDArray, *layers: nd.NDArray) -> nd.NDArray:
        wi, bi, wp, bp = layers
        u = nd.dot(norm(x, s2, h2), wi) + bi
        a = 0.5 * u * (1 + nd.tanh(GELU * (u + 0.044715 * u * u * u)))
        return x + nd.dot(a, wp) + bp

    def forward(x: nd.NDArray, block: list[nd.NDArray]) -> nd.NDArray:
        return transform(attend(x, *block[:4]), *block[4:])

    def step() -> tuple[nd.NDArray, ...]:
        with autograd.record():
            out = forward(forward(x, parameters[0]), parameters[1])
            loss = nd.mean(nd.square(out))
        loss.backward()
        for parameter in (*parameters[0], *parameters[1]):
            parameter[:] = parameter - problem.rate * parameter.grad
        return loss, *parameters[0], *parameters[1]

    return step


def by_torch(problem: Blocks) -> Step:
    """PyTorch eager, with its own layer norm, gelu and softmax."""
    import torch
    from torch.nn.functional import gelu, layer_norm

    x, mask, heads = torch.tensor(problem.x), torch.tensor(problem.mask), problem.heads
    parameters = [[torch.tensor(value, requires_grad=True) for value in block] for block in problem.parameters]
    batch, sequence, width = problem.x.shape
    per_head = width // heads

    def split(x: torch.Tensor) -> torch.Tensor:
        return x.view(batch, sequence, heads, per_head).transpose(1, 2)

    def forward(x: torch.Tensor, block: list[torch.Tensor]) -> torch.Tensor:
        s1, h1, wqkv, wo, s2, h2, wi, bi, wp, bp = block
        q, k, v = (split(part) for part in (layer_norm(x, (width,), s1, h1) @ wqkv).split(width, dim=-1))
        scores = q @ k.transpose(-1, -2) * per_head**-0.5 + mask
        attended = (torch.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(batch, sequence, width)
        x = x + attended @ wo
        a = gelu(layer_norm(x, (width,), s2, h2) @ wi + bi, approximate="tanh")
        return x + a @ wp + bp

    def step() -> tuple[torch.Tensor, ...]:
        out = forward(forward(x, parameters[0]), parameters[1])
        loss = torch.mean(torch.square(out))
        loss.backward()
        with torch.no_grad():
            for parameter in (*parameters[0], *parameters[1]):
                parameter.sub_(parameter.grad, alpha=problem.rate)
                parameter.grad = None
        return loss, *parameters[0], *parameters[1]

    return step


def objective(problem: Blocks, xp: Any) -> Callable[[Any], Any]:
    """The loss as a function of the parameters, in the words of a library like NumPy."""
    x, mask, heads = problem.x, problem.mask, problem.heads
    batch, sequence, width = problem.x.shape
    per_head = width // heads
    shrink = np.float32(per_head**-0.5)

    def norm(x: Any, scale: Any, shift: Any) -> Any:
        centred = x - xp.mean(x, axis=-1, keepdims=True)
        variance = xp.mean(xp.square(centred), axis=-1, keepdims=True)
        return centred / xp.sqrt(variance + EPSILON) * scale + shift

    def split(x: Any) -> Any:
        return xp.transpose(xp.reshape(x, (batch, sequence, heads, per_head)), (0, 2, 1, 3))

    def softmax(x: Any) -> Any:
        exponentials = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
        return exponentials / xp.sum(exponentials, axis=-1, keepdims=True)

    def forward(x: Any, block: Any) -> Any:
        s1, h1, wqkv, wo, s2, h2, wi, bi, wp, bp = block
        q, k, v = (split(part) for part in xp.split(xp.matmul(norm(x, s1, h1), wqkv), 3, axis=-1))
        scores = xp.matmul(q, xp.swapaxes(k, -1, -2)) * shrink + mask
        attended = xp.transpose(xp.matmul(softmax(scores), v), (0, 2, 1, 3))
        x = x + xp.matmul(xp.reshape(attended, (batch, sequence, width)), wo)
        u = xp.matmul(norm(x, s2, h2), wi) + bi
        a = 0.5 * u * (1 + xp.tanh(GELU * (u + 0.044715 * u * u * u)))
        return x + xp.matmul(a, wp) + bp

    def loss(parameters: Any) -> Any:
        return xp.mean(xp.square(forward(forward(x, parameters[0]), parameters[1])))

    return loss


def by_jax(problem: Blocks) -> Step:
    """JAX, compiled."""
    import jax

    return descent_by_jax(objective(problem, jax.numpy), [list(block) for block in problem.parameters], problem.rate)


def by_hips(problem: Blocks) -> Step:
    """HIPS/autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    parameters = [[value.copy() for value in block] for block in problem.parameters]
    loss_and_gradients = value_and_grad(objective(problem, anp))

    def step() -> tuple[np.ndarray, ...]:
        loss, gradients = loss_and_gradients(parameters)
        for block, gradient_block in zip(parameters, gradients, strict=True):
            for parameter, gradient in zip(block, gradient_block, strict=True):
                parameter -= problem.rate * gradient
        return loss, *parameters[0], *parameters[1]

    return step


FORMS = {
    "hand": by_hand,
    "tapegrad": by_tapegrad,
    "compiled": as_compiled(by_tapegrad),
    "torch": by_torch,
    "hips": by_hips,
    "jax": by_jax,
}


def cases(tiny: bool = False) -> list[Case]:
    """The blocks at their size, or a few numbers wide."""
    batch, sequence, width, heads = (2, 3, 8, 2) if tiny else (8, 64, 128, 4)
    goals = (
        *(compiled_beside_hand(), beside_hand(), faster_than("torch"), faster_than("hips", final=2.0)),
        *(compiled_faster_than("torch", 1.05), compiled_faster_than("jax", 1.25)),
    )
    what = f"SGD step of two GPT blocks, width {width}, batch {batch}"
    problem = partial(blocks, batch, sequence, width, heads)
    return [Case("W6", "", what, problem, FORMS, goals, rtol=1e-4, magnified=magnified, limit=0.92)]
