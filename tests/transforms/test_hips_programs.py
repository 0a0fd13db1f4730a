"""Programs written for HIPS/autograd run by changing their imports, and take the same path of optimisation.

Each program is a function of NumPy's namespace and of `grad`, as a program is of its imports; it is run once with
autograd's and once with ours, in float64. All that it visits must agree to 1e-10.
"""

from itertools import pairwise

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp

autograd = pytest.importorskip("autograd", reason="the programs are compared with HIPS/autograd's run of them")
import autograd.numpy as anp  # noqa: E402  (after the check that it is there)

RANDOM = np.random.RandomState


def neural_net(xp, module):
    """A network of tanh units fits a wave, by gradient descent with momentum."""
    rs = RANDOM(0)
    sizes = [1, 8, 6, 1]
    parameters = [(0.4 * rs.randn(m, n), 0.4 * rs.randn(n)) for m, n in pairwise(sizes)]
    inputs = np.linspace(-2.0, 2.0, 40).reshape(-1, 1)
    targets = np.sin(2 * inputs) + 0.1 * rs.randn(40, 1)

    def predict(parameters, inputs):
        for weights, biases in parameters:
            outputs = xp.dot(inputs, weights) + biases
            inputs = xp.tanh(outputs)
        return outputs

    def loss(parameters):
        weight = sum(xp.sum(w**2) + xp.sum(b**2) for w, b in parameters)
        return xp.mean((predict(parameters, inputs) - targets) ** 2) + 1e-4 * weight

    slope = module.value_and_grad(loss)
    moving = [(np.zeros_like(w), np.zeros_like(b)) for w, b in parameters]
    path = []
    for _ in range(40):
        value, gradient = slope(parameters)
        path.append(value)
        moving = [(0.9 * v - 0.05 * g, 0.9 * c - 0.05 * d) for (v, c), (g, d) in zip(moving, gradient, strict=True)]
        parameters = [(w + v, b + c) for (w, b), (v, c) in zip(parameters, moving, strict=True)]
    return path


def gaussian_process(xp, module):
    """The settings of a Gaussian process, by gradient ascent of its likelihood."""
    rs = RANDOM(1)
    x = np.linspace(0.0, 5.0, 15).reshape(-1, 1)
    y = np.sin(x[:, 0]) + 0.1 * rs.randn(15)

    def covariance(settings, a, b):
        scale, lengths = xp.exp(settings[0]), xp.exp(settings[1:])
        apart = xp.expand_dims(a / lengths, 1) - xp.expand_dims(b / lengths, 0)
        return scale * xp.exp(-0.5 * xp.sum(apart**2, axis=2))

    def log_likelihood(settings):
        mean, noise = settings[0], xp.exp(settings[1]) + 0.001
        matrix = covariance(settings[2:], x, x) + noise * xp.eye(len(y))
        rest = y - mean
        sign, log_det = xp.linalg.slogdet(matrix)
        return -0.5 * (xp.dot(rest, xp.linalg.solve(matrix, rest)) + sign * log_det + len(y) * xp.log(2 * xp.pi))

    settings = 0.1 * rs.randn(4)
    slope = module.value_and_grad(log_likelihood)
    path = []
    for _ in range(30):
        value, gradient = slope(settings)
        path.append(value)
        settings = settings + 0.01 * gradient
    return [*path, *settings]


def ode_net(xp, module):
    """A network is the velocity of a state; the state after some steps of Runge and Kutta is to be a spiral's."""
    rs = RANDOM(2)
    times = np.linspace(0.0, 3.0, 8)
    truth = np.stack([np.exp(-0.3 * times) * np.cos(2 * times), np.exp(-0.3 * times) * np.sin(2 * times)], axis=1)
    parameters = {"w": 0.5 * rs.randn(2, 7), "b": np.zeros(7), "v": 0.5 * rs.randn(7, 2)}

    def velocity(state, parameters):
        return xp.dot(xp.tanh(xp.dot(state**3, parameters["w"]) + parameters["b"]), parameters["v"])

    def follow(parameters):
        state, states = xp.array(truth[0]), []
        step = times[1] - times[0]
        for _ in times:
            states.append(state)
            a = velocity(state, parameters)
            b = velocity(state + 0.5 * step * a, parameters)
            c = velocity(state + 0.5 * step * b, parameters)
            d = velocity(state + step * c, parameters)
            state = state + step / 6 * (a + 2 * b + 2 * c + d)
        return xp.array(states)

    def loss(parameters):
        return xp.mean(xp.abs(follow(parameters) - truth) ** 2)

    slope = module.value_and_grad(loss)
    path = []
    for _ in range(25):
        value, gradient = slope(parameters)
        path.append(value)
        parameters = {name: parameters[name] - 0.1 * gradient[name] for name in parameters}
    return path


def mixture_model(xp, module):
    """The weights, means and spreads of three normal distributions in two dimensions, by gradient ascent."""
    rs = RANDOM(3)
    data = np.concatenate([rs.randn(25, 2) * 0.4 + centre for centre in ([0.0, 2.0], [2.0, 0.0], [-2.0, -1.0])])
    parameters = {"proportions": 0.1 * rs.randn(3), "means": rs.randn(3, 2), "roots": np.stack([np.eye(2)] * 3)}

    def logsumexp(x, axis):
        top = xp.max(x, axis=axis, keepdims=True)
        return xp.log(xp.sum(xp.exp(x - top), axis=axis)) + xp.squeeze(top, axis=axis)

    def log_density(root, mean):
        white = xp.dot(data - mean, root)
        return -0.5 * xp.sum(white**2, axis=1) + xp.linalg.slogdet(root)[1] - xp.log(2 * xp.pi)

    def objective(parameters):
        shares = parameters["proportions"] - logsumexp(parameters["proportions"], 0)
        each = [s + log_density(r, m) for s, m, r in zip(shares, parameters["means"], parameters["roots"], strict=True)]
        return -xp.sum(logsumexp(xp.vstack(each), 0)) / len(data)

    slope = module.value_and_grad(objective)
    path = []
    for _ in range(30):
        value, gradient = slope(parameters)
        path.append(value)
        parameters = {name: parameters[name] - 0.2 * gradient[name] for name in parameters}
    return path


def fluid_simulation(xp, module):
    """The first velocities that carry smoke to where it is wanted; semi-Lagrangian advection on a torus."""
    rs = RANDOM(4)
    rows, columns = 8, 8
    smoke = np.zeros((rows, columns))
    smoke[2:5, 2:5] = 1.0
    wanted = np.roll(smoke, (1, 2), (0, 1))

    def project(u, v):
        divergence = -0.5 * (xp.roll(v, -1, axis=1) - xp.roll(v, 1, axis=1) + xp.roll(u, -1, axis=0) - xp.roll(u, 1, 0))
        pressure = xp.zeros(u.shape)
        for _ in range(5):
            around = xp.roll(pressure, 1, axis=1) + xp.roll(pressure, -1, axis=1)
            pressure = (divergence + around + xp.roll(pressure, 1, axis=0) + xp.roll(pressure, -1, axis=0)) / 4.0
        v = v - 0.5 * (xp.roll(pressure, -1, axis=1) - xp.roll(pressure, 1, axis=1))
        return u - 0.5 * (xp.roll(pressure, -1, axis=0) - xp.roll(pressure, 1, axis=0)), v

    def advect(field, u, v):
        across, down = np.meshgrid(np.arange(columns), np.arange(rows))
        from_x, from_y = (across - v).ravel(), (down - u).ravel()
        left, top = xp.floor(from_x), xp.floor(from_y)
        right_part, bottom_part = from_x - left, from_y - top
        # Where a cell lies is a whole number, which has no derivative: autograd's and ours take it out differently.
        plain = [np.asarray(getattr(z, "_value", z)).astype(int) for z in (left, top)]
        left_at, top_at = plain[0] % columns, plain[1] % rows
        right_at, bottom_at = (plain[0] + 1) % columns, (plain[1] + 1) % rows
        found = (1 - right_part) * (
            (1 - bottom_part) * field[top_at, left_at] + bottom_part * field[bottom_at, left_at]
        )
        found = found + right_part * (
            (1 - bottom_part) * field[top_at, right_at] + bottom_part * field[bottom_at, right_at]
        )
        return xp.reshape(found, (rows, columns))

    def distance(flat):
        u, v = xp.reshape(flat, (2, rows, columns))
        seen = smoke
        for _ in range(4):
            u, v = project(advect(u, u, v), advect(v, u, v))
            seen = advect(seen, u, v)
        return xp.mean((wanted - seen) ** 2)

    slope = module.value_and_grad(distance)
    velocities = 0.1 * rs.randn(2 * rows * columns)
    path = []
    for _ in range(6):
        value, gradient = slope(velocities)
        path.append(value)
        velocities = velocities - 20.0 * gradient
    return path


def hidden_markov_model(xp, module):
    """Expectation maximisation by the gradient of the log of the normaliser, which is the expected statistics."""
    rs = RANDOM(5)
    seen = rs.randint(0, 4, 30)
    states, symbols = 3, 4

    def normalised(x):
        return x / x.sum(axis=-1, keepdims=True)

    def logsumexp(x, axis):
        top = xp.max(x, axis=axis, keepdims=True)
        return xp.log(xp.sum(xp.exp(x - top), axis=axis)) + xp.squeeze(top, axis=axis)

    def log_normaliser(natural):
        first, moves, shows = natural
        alpha = first + shows[:, int(seen[0])]
        for symbol in seen[1:]:
            alpha = logsumexp(alpha[:, None] + moves, axis=0) + shows[:, int(symbol)]
        return logsumexp(alpha, axis=0)

    model = [normalised(rs.rand(states)), normalised(rs.rand(states, states)), normalised(rs.rand(states, symbols))]
    expected = module.value_and_grad(log_normaliser)
    path = []
    for _ in range(12):
        value, counts = expected([np.log(part) for part in model])
        path.append(value)
        model = [normalised(np.asarray(part)) for part in counts]
    assert path == sorted(path), "each step of expectation maximisation makes the data likelier"
    return [*path, *np.concatenate([np.ravel(part) for part in model])]


PROGRAMS = [neural_net, gaussian_process, ode_net, mixture_model, fluid_simulation, hidden_markov_model]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_path_is_that_of_hips_autograd(program):
    with tapegrad.use_default_dtype("float64"):
        ours = program(tnp, tapegrad)
    theirs = program(anp, autograd)
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p is not ode_net], ids=lambda program: program.__name__)
def test_numpys_own_functions_do_as_well(program):
    """With plain `numpy` as the namespace; `ode_net` is out, since `numpy.array` takes no tracked arrays."""
    with tapegrad.use_default_dtype("float64"):
        ours = program(np, tapegrad)
    np.testing.assert_allclose(ours, program(anp, autograd), rtol=1e-10, atol=1e-12)
