"""A graph network: who belongs to which group, if we know a few names and who knows whom.

What is learnt here: a layer of a graph network is a product with the adjacency matrix, which is SciPy's sparse one as
it stands; `A @ x` of a tracked x is differentiated. Only a few people have a label; the others' follows from friends.

    python docs/examples/graph.py --plot groups.png
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from workbench import natural, plot_losses, positive

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import nn, optimizers

PEOPLE, GROUPS, NAMED, WIDTH = 400, 4, 5, 16


def data(people: int = PEOPLE, seed: int = 0) -> tuple[Any, np.ndarray, np.ndarray]:
    """The normalized adjacency (n, n), the groups (n,), and whom we know by name: five people of each group."""
    rng = np.random.default_rng(seed)
    groups = np.arange(people) % GROUPS
    chance = np.where(groups[:, None] == groups[None, :], 16 / people, 1.5 / people)
    knows = np.triu(rng.random((people, people)) < chance, 1)
    knows = knows | knows.T | np.eye(people, dtype=bool)
    weight = 1 / np.sqrt(knows.sum(axis=1))
    adjacency = sparse.csr_array((weight[:, None] * knows * weight[None, :]).astype(np.float32))
    return adjacency, groups, np.arange(NAMED * GROUPS)


def first_parameters(people: int, seed: int) -> list[Any]:
    """Two matrices: who somebody is, and what group that speaks for."""
    rng = tnp.random.default_rng(seed)
    return [nn.initializers.glorot_uniform(rng, (people, WIDTH)), nn.initializers.glorot_uniform(rng, (WIDTH, GROUPS))]


def scores(parameters: Sequence[Any], adjacency: Any) -> Any:
    """The scores (n, groups): each layer hears what the neighbours say."""
    first, second = parameters
    return adjacency @ (nn.relu(adjacency @ first) @ second)


def train(
    parameters: Any, adjacency: Any, groups: np.ndarray, named: np.ndarray, steps: int
) -> tuple[Any, list[float]]:
    """Parameters after so many steps, and the loss before each."""
    optimizer = optimizers.adamw(0.05, weight_decay=0.05)
    state, losses = optimizer.init(parameters), []
    learn = tapegrad.value_and_grad(lambda p: nn.cross_entropy(scores(p, adjacency)[named], groups[named]))
    for _ in range(steps):
        loss, gradients = learn(parameters)
        updates, state = optimizer.update(gradients, state, parameters)
        parameters = optimizers.apply_updates(parameters, updates)
        losses.append(loss.item())
    return parameters, losses


def accuracy(parameters: Any, adjacency: Any, groups: np.ndarray, named: np.ndarray) -> float:
    """Which part of those without a name is put into the right group."""
    right = np.asarray(scores(parameters, adjacency)).argmax(axis=1) == groups
    return float(np.delete(right, named).mean())


def main(argv: Sequence[str] | None = None) -> None:
    """Learn the groups, say how many are right, and draw the loss if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=positive, default=100, help="of the optimizer (default 100)")
    parser.add_argument("--seed", type=natural, default=0, help="of the graph and the first parameters (default 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the loss curve into this PNG file")
    chosen = parser.parse_args(argv)
    adjacency, groups, named = data(seed=chosen.seed)
    parameters = first_parameters(len(groups), chosen.seed)
    print(f"accuracy at the start  {accuracy(parameters, adjacency, groups, named):.2f}")
    parameters, losses = train(parameters, adjacency, groups, named, chosen.steps)
    print(f"final loss             {losses[-1]:.4f}")
    print(f"accuracy at the end    {accuracy(parameters, adjacency, groups, named):.2f}")
    if chosen.plot:
        plot_losses(chosen.plot, losses, "A graph network")


if __name__ == "__main__":
    main()
