"""A character RNN from scratch: read a short text letter by letter, then write in its manner.

What is learnt here: a hidden state that is handed from letter to letter is a memory; the gradient flows back through
it as many letters as were recorded and is cut there (`detach`); gradients that have grown too long are clipped; and a
model that predicts the next letter can be asked to write, by drawing from its own predictions.

    python docs/examples/char_rnn.py --plot loss.png
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm
from workbench import options, plot_losses

import tapegrad as mx
from tapegrad import autograd, nd

TEXT = """\
the miller woke before the sun and walked along the river. the river was slow and the wheel was slow, and the miller
was in no hurry. he gave the geese their corn and he gave the cat her milk, and then he opened the gate and let the
water in. the water turned the wheel, the wheel turned the stone, and the stone turned the corn into flour.

at noon the baker came along the river with her cart. she took the flour to the village and turned the flour into
bread. she gave the bread to the children and the children gave the crumbs to the geese, and the geese walked along
the river and were in no hurry.

in the evening the wind woke and the water was high. the wheel turned faster and the stone turned faster, and the
miller walked along the river with a lamp. he closed the gate and the water was slow again. then the miller and the
baker and the children and the cat sat before the fire, and the wind told them a story, and it was the story of the
river: how the water turned the wheel, and the wheel turned the stone, and the stone turned the corn into flour.

in the winter the river was ice and the wheel was still. the miller sat by the fire and counted the sacks, and the cat
sat on the sacks and counted the mice. the baker came over the ice with her cart and asked for flour, and the miller
gave her the last of it, and she gave him the first bread of the new year. the geese were cold and came into the mill,
and the cat was in no hurry, and the geese and the cat sat before the fire and told the wind a story.

in the spring the ice broke and the river woke. the water was high and the water was fast, and it carried the old gate
away. then the children came from the village with wood and nails, and the baker came with bread, and the miller made
a new gate before the sun was down. in the morning he opened it and let the water in, and the wheel turned the stone,
and the stone turned the corn into flour, and the river was in no hurry.
"""
ALPHABET = sorted(set(TEXT))
HIDDEN, ROWS, LETTERS = 96, 16, 24
CLIP = 0.5


def encode(text: str) -> np.ndarray:
    """Each letter's place in the alphabet."""
    return np.array([ALPHABET.index(letter) for letter in text], dtype=np.float32)


def passages(seed: int) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """Passages of the text without end: letters, the letters after them, both (24, 16), and whether the text restarts.

    The text is laid out in 16 rows that are read side by side, so that each passage goes on where the last one stopped.
    Each time the text restarts, a few letters chosen at random are left out, so that the rows begin elsewhere.
    """
    stream = np.random.default_rng(seed)
    codes = encode(TEXT)
    while True:
        skipped = stream.integers(LETTERS)
        width = (len(codes) - skipped - 1) // ROWS
        end = skipped + ROWS * width
        here = codes[skipped:end].reshape(ROWS, width).T
        after = codes[skipped + 1 : end + 1].reshape(ROWS, width).T
        for start in range(0, width - LETTERS + 1, LETTERS):
            yield here[start : start + LETTERS], after[start : start + LETTERS], start == 0


def first_parameters(seed: int) -> list[nd.NDArray]:
    """Weights letter to state, state to state, the state's bias, weights state to letter, the letters' bias."""
    mx.random.seed(seed)
    letters = len(ALPHABET)
    return [
        nd.random_normal(scale=0.1, shape=(letters, HIDDEN)),
        nd.random_normal(scale=0.8 / HIDDEN**0.5, shape=(HIDDEN, HIDDEN)),
        nd.zeros(HIDDEN),
        nd.random_normal(scale=0.1, shape=(HIDDEN, letters)),
        nd.zeros(letters),
    ]


def read(
    parameters: Sequence[nd.NDArray], letters: Sequence[nd.NDArray], state: nd.NDArray
) -> tuple[list[nd.NDArray], nd.NDArray]:
    """Read one-hot letters, each of shape (rows, alphabet): the scores of what comes after each, and the last state."""
    to_state, onwards, state_bias, to_letter, letter_bias = parameters
    scores = []
    for letter in letters:
        state = nd.tanh(nd.dot(letter, to_state) + nd.dot(state, onwards) + state_bias)
        scores.append(nd.dot(state, to_letter) + letter_bias)
    return scores, state


def surprise(scores: Sequence[nd.NDArray], wanted: nd.NDArray) -> nd.NDArray:
    """Mean cross entropy over all letters of a passage; its exponential is the perplexity."""
    table = nd.concat(*scores, dim=0)
    return -nd.mean(nd.pick(nd.log_softmax(table), wanted.reshape((-1,))))


def clip(gradients: Sequence[nd.NDArray], longest: float) -> None:
    """Shorten all gradients together, if as one vector they are longer than `longest`."""
    length = math.sqrt(sum(nd.sum(gradient**2).asscalar() for gradient in gradients))
    if length > longest:
        for gradient in gradients:
            gradient[:] = gradient * (longest / length)


def train(
    steps: int, seed: int, parameters: Sequence[nd.NDArray] | None = None, learning_rate: float = 0.5
) -> list[float]:
    """Learn for some steps and return the loss of each; the parameters, if given, are changed in place."""
    parameters = first_parameters(seed) if parameters is None else parameters
    for parameter in parameters:
        parameter.attach_grad()
    losses = []
    passage = passages(seed)
    state = nd.zeros((ROWS, HIDDEN))
    for _ in tqdm(range(steps), desc="character RNN", disable=None):
        here, after, restarts = next(passage)
        # The memory of the passage before, without its history: gradients stop at the passage's first letter.
        state = nd.zeros_like(state) if restarts else state.detach()
        letters = [nd.one_hot(nd.array(column), len(ALPHABET)) for column in here]
        with autograd.record():
            scores, state = read(parameters, letters, state)
            loss = surprise(scores, nd.array(after))
        loss.backward()
        clip([parameter.grad for parameter in parameters], CLIP)
        for parameter in parameters:
            parameter[:] = parameter - learning_rate * parameter.grad
        losses.append(loss.asscalar())
    return losses


def write(parameters: Sequence[nd.NDArray], beginning: str, count: int, seed: int, temperature: float = 0.5) -> str:
    """Go on from a beginning, letter by letter, each drawn from the model's own prediction.

    A temperature below 1 makes the likely letters likelier: safer prose, fewer inventions.
    """
    mx.random.seed(seed)
    state = nd.zeros((1, HIDDEN))
    text = beginning
    unread = encode(beginning)
    for _ in range(count):
        letters = [nd.one_hot(nd.array([code]), len(ALPHABET)) for code in unread]
        scores, state = read(parameters, letters, state)
        drawn = nd.sample_multinomial(nd.softmax(scores[-1] / temperature))
        unread = drawn.asnumpy()
        text += ALPHABET[int(unread[0])]
    return text


def main(argv: Sequence[str] | None = None) -> None:
    """Train, let the model write, and draw the loss if asked."""
    chosen = options(argv, __doc__, steps=2500, learning_rate=0.5)
    parameters = first_parameters(chosen.seed)
    losses = train(chosen.steps, chosen.seed, parameters, chosen.learning_rate)
    print(f"final loss     {losses[-1]:.4f} (guessing costs {math.log(len(ALPHABET)):.4f})")
    print(f"perplexity     {math.exp(losses[-1]):.2f} of {len(ALPHABET)} letters")
    print(f"sampled text   {write(parameters, 'the ', 240, chosen.seed)}")
    if chosen.plot:
        plot_losses(chosen.plot, losses, "Character RNN", "cross entropy per letter")


if __name__ == "__main__":
    main()
