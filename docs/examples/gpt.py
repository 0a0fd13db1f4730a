"""A small GPT: learn from one text file to say which letter comes next, then write in its manner.

What is learnt here: a transformer is a function of a tree of parameters, made of what `tapegrad.nn` has;
`value_and_grad` gives the tree of gradients, an optimizer the tree of updates, and `tapegrad.compile` makes one program
of all of it, on any engine. The tree goes into a file, and comes back on whichever engine is wanted.

    python docs/examples/gpt.py --text FILE --plot loss.png
    XLA_FLAGS=--xla_force_host_platform_device_count=4 python docs/examples/gpt.py --backend jax --devices 4
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from char_rnn import TEXT
from tqdm import tqdm
from workbench import plot_losses, positive

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import nn, optimizers, tree

WIDTH, HEADS, LAYERS, CONTEXT, ROWS = 64, 4, 2, 48, 8


def first_parameters(letters: int, seed: int) -> dict[str, Any]:
    """Embeddings of letters and places, and for each layer the matrices of its attention and of its perceptron."""
    rng = tnp.random.default_rng(seed)
    matrix = lambda rows, columns: nn.initializers.normal(rng, (rows, columns), deviation=rows**-0.5)
    layer = lambda: {
        "attend": matrix(WIDTH, 3 * WIDTH),
        "join": matrix(WIDTH, WIDTH) / math.sqrt(2 * LAYERS),
        "widen": matrix(WIDTH, 4 * WIDTH),
        "narrow": matrix(4 * WIDTH, WIDTH) / math.sqrt(2 * LAYERS),
        "norms": tnp.ones((2, WIDTH)),
    }
    return {
        "letters": nn.initializers.normal(rng, (letters, WIDTH)),
        "places": nn.initializers.normal(rng, (CONTEXT, WIDTH)),
        "layers": [layer() for _ in range(LAYERS)],
        "norm": tnp.ones(WIDTH),
    }


def over_devices(parameters: dict[str, Any], count: int) -> dict[str, Any]:
    """The parameters over so many devices of JAX: each has its share of the heads and of the hidden units.

    That is tensor parallelism. What an attention or a perceptron reads it reads on every device; the sum of what the
    devices give for it is the one thing that is exchanged.
    """
    import jax
    from jax.sharding import AxisType, NamedSharding, PartitionSpec

    mesh = jax.make_mesh((count,), ("model",), axis_types=(AxisType.Auto,))
    by_columns, by_rows = PartitionSpec(None, "model"), PartitionSpec("model", None)
    layer = {"attend": by_columns, "join": by_rows, "widen": by_columns, "narrow": by_rows, "norms": PartitionSpec()}
    layouts = {
        "letters": PartitionSpec(),
        "places": PartitionSpec(),
        "layers": [layer] * LAYERS,
        "norm": PartitionSpec(),
    }
    put = lambda x, layout: jax.device_put(x.asnumpy(), NamedSharding(mesh, layout))
    return tree.map(lambda x, layout: tnp.asarray(put(x, layout)), parameters, layouts)


def attend(x: Any, layer: dict[str, Any]) -> Any:
    """What each place (rows, length, width) reads of itself and of the places before it."""
    rows, length, _ = x.shape
    parts = (x @ layer["attend"]).reshape(rows, length, HEADS, 3, WIDTH // HEADS)
    query, key, value = tnp.permute_dims(parts, (3, 0, 2, 1, 4))
    heads = nn.attention(query, key, value, causal=True)
    return tnp.permute_dims(heads, (0, 2, 1, 3)).reshape(rows, length, WIDTH) @ layer["join"]


def scores(parameters: dict[str, Any], codes: Any) -> Any:
    """For letters (rows, length) the scores (rows, length, letters) of what comes after each."""
    x = nn.embedding(codes, parameters["letters"]) + parameters["places"][: codes.shape[1]]
    for layer in parameters["layers"]:
        x = x + attend(nn.rms_norm(x, layer["norms"][0]), layer)
        x = x + nn.gelu(nn.rms_norm(x, layer["norms"][1]) @ layer["widen"], approximate=True) @ layer["narrow"]
    return nn.rms_norm(x, parameters["norm"]) @ parameters["letters"].T


def surprise(parameters: dict[str, Any], codes: Any) -> Any:
    """Mean cross entropy of each letter of passages (rows, length + 1) but the first, given those before it."""
    return nn.cross_entropy(scores(parameters, codes[:, :-1]), codes[:, 1:])


def stepper(optimizer: optimizers.Transformation) -> Callable[..., tuple[Any, Any, Any]]:
    """One step of learning, compiled: new parameters, the optimizer's new state, and the loss."""

    @tapegrad.compile
    def step(parameters: Any, state: Any, codes: Any) -> tuple[Any, Any, Any]:
        loss, gradients = tapegrad.value_and_grad(surprise)(parameters, codes)
        updates, state = optimizer.update(gradients, state, parameters)
        return optimizers.apply_updates(parameters, updates), state, loss

    return step


def passages(text: str, alphabet: Sequence[str], seed: int) -> Iterator[np.ndarray]:
    """Passages (8, 49) from random places of the text, without end."""
    places = {letter: code for code, letter in enumerate(alphabet)}
    codes = np.array([places[letter] for letter in text])
    rng = np.random.default_rng(seed)
    while True:
        starts = rng.integers(len(codes) - CONTEXT, size=ROWS)
        yield codes[starts[:, None] + np.arange(CONTEXT + 1)]


def train(parameters: Any, text: str, steps: int, learning_rate: float, seed: int) -> tuple[Any, list[float]]:
    """Parameters after so many steps, and the loss before each of them."""
    schedule = optimizers.warmup_cosine_decay_schedule(0.0, learning_rate, min(20, steps - 1), steps)
    optimizer = optimizers.chain(optimizers.clip_by_global_norm(1.0), optimizers.adamw(schedule, weight_decay=0.01))
    state, step, losses = optimizer.init(parameters), stepper(optimizer), []
    batches = passages(text, sorted(set(text)), seed)
    for _ in tqdm(range(steps), disable=None):
        parameters, state, loss = step(parameters, state, tnp.asarray(next(batches)))
        losses.append(loss.item())
    return parameters, losses


def write(parameters: Any, alphabet: Sequence[str], prompt: str, count: int, seed: int) -> str:
    """The prompt, and so many letters after it, each drawn from what the model expects."""
    rng, text = tnp.random.default_rng(seed), prompt
    for _ in range(count):
        codes = tnp.asarray([[alphabet.index(letter) for letter in text[-CONTEXT:]]])
        chances = np.exp(scores(parameters, codes)[0, -1].asnumpy().astype("float64") / 0.7)
        text += alphabet[int(rng.choice(len(alphabet), p=chances / chances.sum()))]
    return text


def main(argv: Sequence[str] | None = None) -> None:
    """Learn from the file, save the parameters if asked, and write a few lines."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--text", type=Path, help="the file to learn from (default: the story of char_rnn.py)")
    parser.add_argument("--steps", type=positive, default=300, help="batches to learn from (default 300)")
    parser.add_argument("--learning-rate", type=float, default=3e-3, help="at the peak (default 0.003)")
    parser.add_argument("--backend", default="numpy", help="the array engine (default numpy)")
    parser.add_argument("--devices", type=positive, default=1, help="of JAX, to split each layer over (default 1)")
    parser.add_argument("--save", metavar="FILE", help="save the parameters in this safetensors file")
    parser.add_argument("--plot", metavar="FILE", help="draw the loss curve into this PNG file")
    chosen = parser.parse_args(argv)
    text = TEXT if chosen.text is None else chosen.text.read_text(encoding="utf-8")
    alphabet = sorted(set(text))
    with tapegrad.use_backend(chosen.backend):
        parameters = first_parameters(len(alphabet), seed=0)
        if chosen.devices > 1:
            parameters = over_devices(parameters, chosen.devices)
        print(f"parameters   {sum(x.size for x in tree.leaves(parameters))}")
        parameters, losses = train(parameters, text, chosen.steps, chosen.learning_rate, seed=0)
        print(f"final loss   {np.mean(losses[-20:]):.4f}, of {math.log(len(alphabet)):.4f} for guessing")
        print(write(parameters, alphabet, "the ", 120 if chosen.steps > 20 else 5, seed=0))
    if chosen.save:
        tapegrad.save(chosen.save, parameters)
    if chosen.plot:
        plot_losses(chosen.plot, losses, "A small GPT", "nats a letter")


if __name__ == "__main__":
    main()
