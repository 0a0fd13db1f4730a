"""Blocks, parameters and trainers: what is refused, what is shared, what files may lack, and what is saved."""

import copy

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, gluon, init, nd
from tapegrad.errors import (
    ArgumentError,
    ArgumentTypeError,
    DeferredInitializationError,
    FileFormatError,
    GraphError,
    ParameterError,
    ShapeError,
    StaleGradientError,
)
from tapegrad.gluon import nn, rnn


def test_a_parameter_without_values_says_what_to_do():
    layer = nn.Dense(2)
    with pytest.raises(ParameterError, match=r"'dense0_weight' has not been initialized; call initialize\(\)"):
        layer.weight.data()
    layer.initialize()
    with pytest.raises(DeferredInitializationError, match="follows from the first data"):
        layer.weight.data()
    layer(nd.ones((1, 3)))
    with pytest.raises(ParameterError, match=r"only initialized on \[cpu\(0\)\]"):
        layer.weight.data(mx.cpu(1))
    layer.weight.grad_req = "null"
    with pytest.raises(ParameterError, match="no gradient, because its grad_req is 'null'"):
        layer.weight.grad()
    with pytest.warns(UserWarning, match="already initialized, ignoring"):
        layer.weight.initialize()


def test_a_shape_that_does_not_fit_is_refused():
    layer = nn.Dense(2, in_units=3)
    layer.initialize()
    with pytest.raises(ShapeError, match=r"has shape \(2, 3\), which cannot become \(3, 3\)"):
        layer.weight.set_data(nd.ones((3, 3)))
    with pytest.raises(ArgumentError, match="invalid shape"):
        gluon.Parameter("w", shape=(2, 0)).initialize()
    with pytest.raises(ArgumentError, match="'w' is there already, with shape"):
        parameters = gluon.ParameterDict()
        parameters.get("w", shape=(2, 3))
        parameters.get("w", shape=(3, 3))


@pytest.mark.parametrize(
    "make", [lambda b: b.export("x"), lambda b: b.optimize_for(1), lambda b: b.params.get("w").var()]
)
def test_symbols_are_refused_in_words(make):
    with pytest.raises(ArgumentError, match="symbol"):
        make(nn.HybridSequential())
    with pytest.raises(ArgumentError, match="no symbols here"):
        gluon.SymbolBlock.imports("x.json", ["data"])
    with pytest.raises(AttributeError, match="there are no symbols here"):
        mx.sym.var("data")
    with pytest.raises(ArgumentTypeError, match="there are no symbols here"):
        mx.symbol.Symbol()
    assert not isinstance(nd.ones(1), mx.sym.Symbol)


class Unbegun(gluon.Block):
    def __init__(self):
        self.dense = nn.Dense(1)


MISTAKES = {
    "axes": (lambda: initialized(nn.Conv2D(2, 3))(nd.ones((3, 5, 5))), r"of 4 axes, not shape \(3, 5, 5\)"),
    "labels": (lambda: gluon.loss.SoftmaxCELoss()(nd.ones((2, 3)), nd.ones(3)), r"indices of shape \(2,\), not \(3,\)"),
    "features": (
        lambda: initialized(rnn.GRU(3, input_size=5))(nd.ones((2, 3, 4))),
        "have 4 features; the layer takes 5",
    ),
    "states": (lambda: initialized(rnn.LSTMCell(3))(nd.ones((2, 4)), [nd.zeros((2, 3))]), "a list of 2 states.*not 1"),
    "batches": (lambda: gluon.data.batchify.Stack()([np.ones(2), np.ones(3)]), r"shapes, \(2,\), \(3,\); .*Pad"),
    "super": (Unbegun, r"call super\(\)\.__init__\(\) first"),
    "blocks": (lambda: nn.Sequential().add(3), "takes blocks, not an int"),
    "kernels": (lambda: nn.Conv2D(3, (1, 2, 3)), r"Conv2D\(\): kernel_size is \(1, 2, 3\); give 2 numbers"),
    "layouts": (lambda: nn.MaxPool1D(layout="NHWC"), "layout is 'NHWC'; choose 'NCW' or 'NWC'"),
    "slopes": (lambda: nn.LeakyReLU(-1), "alpha is -1; give"),
    "rates": (lambda: gluon.Trainer({}, "sgd", {"lr": 0.1}), r"SGD\(\) .* 'lr': here it is learning_rate="),
    "warm-ups": (lambda: mx.lr_scheduler.LRScheduler(warmup_steps=-1), "warmup_steps is -1; give"),
}


def initialized(block):
    block.initialize()
    return block


@pytest.mark.parametrize("name", MISTAKES)
def test_ordinary_mistakes_are_named(name):
    program, words = MISTAKES[name]
    with pytest.raises((ArgumentError, ArgumentTypeError, ShapeError), match=words):
        program()


def test_a_hybrid_block_takes_hybrid_blocks_and_arrays_alone():
    with pytest.raises(ArgumentTypeError, match="must also be HybridBlock"):
        nn.HybridSequential().add(nn.Lambda("relu"))
    with pytest.raises(ArgumentTypeError, match="takes an NDArray, not an ndarray"):
        nn.Flatten()(np.ones((2, 3)))
    block = nn.HybridSequential()
    block.inner = nn.Dense(2)
    with pytest.raises(ArgumentTypeError, match="Changing attribute type for inner"):
        block.inner = 3
    with pytest.warns(UserWarning, match="Consider using HybridSequential"):
        plain = nn.Sequential()
        plain.add(nn.Dense(2))
        plain.hybridize()


class Own(nn.HybridBlock):
    """A block whose parameters' shapes are not all known, used as layers' functions use theirs."""

    def __init__(self, units, product, **kwargs):
        super().__init__(**kwargs)
        self.units, self.product = units, product
        self.weight = self.params.get("weight", shape=(units, 0), allow_deferred_init=True)
        self.gamma = self.params.get("gamma", shape=(0,), init="ones", allow_deferred_init=True)

    def hybrid_forward(self, F, x, weight, gamma):
        y = F.FullyConnected(x, weight, no_bias=True, num_hidden=self.units)
        return y * gamma if self.product else F.LayerNorm(y, gamma, gamma)


def test_the_shapes_of_a_blocks_own_parameters_follow_from_their_use():
    block = Own(4, product=False)
    block.initialize()
    assert block(nd.ones((2, 3))).shape == (2, 4)
    assert block.weight.shape == (4, 3) and block.gamma.shape == (4,)
    block = Own(4, product=True)
    block.initialize()
    with pytest.raises(ShapeError, match=r"'own1_gamma' is .* and follows from data only where"):
        block(nd.ones((2, 3)))


def test_a_hybridized_network_draws_its_weights_ahead_of_all_else():
    def weights(hybridize):
        mx.random.seed(0)
        net = nn.HybridSequential()
        net.add(nn.Dense(3), nn.HybridLambda(lambda F, x: x + F.random_normal(shape=(1, 3))), nn.Dense(2))
        net.initialize(init.Normal(1))
        if hybridize:
            net.hybridize()
        net(nd.ones((1, 2)))
        return net[2].weight.data().asnumpy()

    mx.random.seed(0)
    nd.random.normal(0, 1, shape=(3, 2))
    ahead = nd.random.normal(0, 1, shape=(2, 3)).asnumpy()
    assert (weights(True) == ahead).all() and not (weights(False) == ahead).any()


class Pair(nn.HybridBlock):
    """Two layers on the same data, of which the second is the first input of the sum."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.early, self.late = nn.Dense(2, flatten=False), nn.Dense(2, flatten=False)

    def hybrid_forward(self, F, x):
        early, late = self.early(x), self.late(x)
        return late + early, early


def test_a_hybridized_network_draws_in_the_order_in_which_its_graph_has_inputs():
    mx.random.seed(0)
    first, second = (nd.random.normal(0, 1, shape=(2, 3)).asnumpy() for _ in range(2))
    for hybridize in (False, True):
        mx.random.seed(0)
        pair = Pair()
        pair.initialize(init.Normal(1))
        pair.hybridize(hybridize)
        pair(nd.ones((1, 3)))
        assert (pair.late.weight.data().asnumpy() == (first if hybridize else second)).all()


@pytest.mark.parametrize("hooked", [False, True])
@pytest.mark.parametrize("req", ["write", "add"])
def test_what_an_unused_output_of_a_hybridized_network_depends_on_gets_zeros(req, hooked):
    pair = Pair()
    pair.initialize("ones")
    pair.collect_params().setattr("grad_req", req)
    trainer = gluon.Trainer(pair.collect_params(), "sgd", {"learning_rate": 1})

    def step():
        with autograd.record():
            loss = pair(nd.ones((1, 3)))[1].sum()
        loss.backward()
        trainer.step(1)

    with pytest.raises(StaleGradientError, match="dense1_"):
        step()
    pair.hybridize()
    if hooked:
        pair.late.register_forward_hook(lambda *_: None)
    pair.late.weight.grad()[:] = 5
    for _ in range(3):
        step()
    assert (pair.late.weight.grad().asnumpy() == (0 if req == "write" else 5)).all()
    assert (pair.late.bias.data().asnumpy() == 0).all()


def test_files_may_lack_names_or_have_more_if_that_is_said(tmp_path):
    net = nn.Sequential()
    net.add(nn.Dense(2, in_units=3), nn.Dense(1, in_units=2))
    net.initialize("ones")
    path = str(tmp_path / "net.params")
    net[:1].save_parameters(path)
    with pytest.raises(ParameterError, match=r"Parameter '1\.weight' is missing in file"):
        net.load_parameters(path)
    net.initialize("zeros", force_reinit=True)
    net.load_parameters(path, allow_missing=True)
    assert net[0].weight.data().sum() == 6 and net[1].weight.data().sum() == 0
    net.save_parameters(path)
    with pytest.raises(ParameterError, match=r"Parameter '1\.weight' loaded from file"):
        net[:1].load_parameters(path)
    net[:1].load_parameters(path, ignore_extra=True)
    half = nn.Dense(2, in_units=3)
    half.cast("float16")
    net[0].save_parameters(path)
    with pytest.raises(ArgumentError, match="is of float16, and of float32 in the file"):
        half.load_parameters(path)
    half.load_parameters(path, cast_dtype=True)
    assert half.weight.data().dtype is np.float16
    half.load_parameters(path, cast_dtype=True, dtype_source="saved", ctx=[mx.cpu(0), mx.cpu(1)])
    assert half.weight.data(mx.cpu(1)).dtype is np.float32
    (tmp_path / "net.params").write_bytes(b"nonsense")
    with pytest.raises(FileFormatError):
        net.load_parameters(path)


def test_a_shared_parameter_is_written_once_if_that_is_said(tmp_path):
    net = nn.Sequential()
    first = nn.Dense(2, in_units=2)
    net.add(first, nn.Dense(2, in_units=2, params=first.params))
    net.initialize()
    path = str(tmp_path / "net.npz")
    net.save_parameters(path, deduplicate=True)
    assert len(nd.load(path)) == 2
    values = net[1].weight.data().asnumpy()
    net.initialize("zeros", force_reinit=True)
    net.load_parameters(path)
    assert (net[1].weight.data().asnumpy() == values).all()
    by_name = str(tmp_path / "names.params")
    net.collect_params().save(by_name)
    net.load_parameters(by_name)
    assert set(nd.load(by_name)) == set(net.collect_params().keys())


def test_values_in_memory_are_loaded_too():
    layer = nn.Dense(1, in_units=2, use_bias=False)
    layer.collect_params().load_dict({"weight": nd.ones((1, 2))}, restore_prefix=layer.prefix)
    assert layer(nd.ones((1, 2))) == 2


def test_hooks_see_inputs_and_outputs_until_they_are_taken_away():
    layer, seen = nn.Dense(2), []
    layer.initialize()
    before = layer.register_forward_pre_hook(lambda block, inputs: seen.append(inputs[0].shape))
    with layer.register_forward_hook(lambda block, inputs, output: seen.append(output.shape)):
        layer(nd.ones((1, 3)))
    before.detach()
    layer(nd.ones((1, 3)))
    assert seen == [(1, 3), (1, 2)]


def trained(steps, path=None):
    """The weights after steps of Adam on two contexts, with the states saved and loaded halfway if a path is given."""
    ctx = [mx.cpu(0), mx.cpu(1)]
    mx.random.seed(1)
    net = nn.Dense(2, in_units=3)
    net.initialize(init.Normal(1), ctx=ctx)
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
    x = nd.random.normal(shape=(4, 3))
    for i in range(steps):
        if path is not None and i == steps // 2:
            trainer.save_states(path)
            trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
            trainer.load_states(path)
        with autograd.record():
            losses = [net(part).square().sum() for part in gluon.utils.split_and_load(x, ctx)]
        autograd.backward(losses)
        trainer.step(4)
    return net.weight.data(ctx[1]).asnumpy()


def test_states_are_saved_without_code_and_loaded_in_every_context(tmp_path):
    path = str(tmp_path / "states")
    np.testing.assert_array_equal(trained(4, path), trained(4))
    (tmp_path / "states").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(FileFormatError):
        gluon.Trainer(gluon.ParameterDict(), "sgd").load_states(path)


def test_a_trainer_refuses_what_is_no_parameter_and_gradients_of_before():
    with pytest.raises(ArgumentTypeError, match="takes a ParameterDict"):
        gluon.Trainer([1], "sgd")
    with pytest.raises(ArgumentError, match="there is no optimizer 'sdg'"):
        gluon.Trainer({}, "sdg")
    used, unused = nn.Dense(1, in_units=1), nn.Dense(1, in_units=1)
    both = used.collect_params()
    both.update(unused.collect_params())
    both.initialize("ones")
    trainer = gluon.Trainer(both, "sgd", {"learning_rate": 1.0})
    with autograd.record():
        loss = used(nd.ones((1, 1)))
    loss.backward()
    with pytest.raises(StaleGradientError, match="`dense1_bias` on context"):
        trainer.step(1)
    with autograd.record():
        loss = used(nd.ones((1, 1)))
    loss.backward()
    trainer.step(1, ignore_stale_grad=True)
    assert unused.weight.data() == 1
    with pytest.raises(ArgumentError, match="follows lr_scheduler"):
        mx.optimizer.SGD(lr_scheduler=mx.lr_scheduler.FactorScheduler(1)).set_learning_rate(1)


def test_an_optimizer_and_an_initializer_of_ones_own():
    @mx.optimizer.register
    class Half(mx.optimizer.Optimizer):
        def create_state(self, index, weight):
            return nd.zeros(weight.shape)

        def update(self, index, weight, grad, state):
            self._update_count(index)
            state[:] = state + 1
            weight[:] = weight - self._get_lr(index) * grad / 2

    @mx.init.register
    class Threes(init.Initializer):
        def _init_weight(self, name, array):
            array[:] = 3

    layer = nn.Dense(1, in_units=1, bias_initializer="threes")
    layer.initialize("ones")
    trainer = gluon.Trainer(layer.collect_params(), "half", {"learning_rate": 0.5})
    with autograd.record():
        y = layer(nd.array([[2]]))
    y.backward()
    trainer.step(1)
    assert (layer.weight.data() == 0.5) and (layer.bias.data() == 2.75)


def test_initializers_that_go_by_names():
    layer = nn.Dense(2, in_units=3)
    layer.initialize(init.Mixed([".*bias", ".*"], [init.Zero(), init.One()]))
    assert layer.weight.data().sum() == 6
    layer.initialize(init.Load({"dense0_weight": nd.full((2, 3), 2)}, default_init=init.Zero()), force_reinit=True)
    assert layer.weight.data().sum() == 12
    with pytest.raises(ArgumentError, match="there is no initializer 'xaver'"):
        nn.Dense(2, in_units=3).initialize("xaver")
    with pytest.raises(ShapeError, match="Xavier takes fans from two axes"):
        gluon.Parameter("w", shape=(3,)).initialize(init.Xavier())


def test_a_cell_that_another_modifies_is_not_called_by_itself():
    cell = rnn.LSTMCell(2)
    residual = rnn.ResidualCell(cell)
    assert len(residual.begin_state(batch_size=1)) == 2
    with pytest.raises(GraphError, match="base cell cannot be called directly"):
        cell.begin_state(1)
    with pytest.raises(ArgumentError, match="cannot be modified twice"):
        rnn.ZoneoutCell(cell)
    with pytest.raises(ShapeError, match="Invalid recurrent state shape"):
        layer = rnn.GRU(3)
        layer.initialize()
        layer(nd.ones((2, 4, 5)), layer.begin_state(3))


def test_states_of_a_freed_graph_are_constants():
    layer = rnn.LSTM(2)
    layer.initialize()
    x = nd.ones((3, 1, 2))
    with autograd.record():
        y, states = layer(x, layer.begin_state(1))
    y.backward()
    with autograd.record():
        y, states = layer(x, states)
    y.backward()
    assert layer.l0_h2h_weight.grad().norm() > 0


def test_keys_of_a_store_are_added_up_or_update_what_is_there():
    store = mx.kv.create("device")
    store.init([1, "two"], [nd.ones(2), nd.zeros(1)])
    store.set_optimizer(mx.optimizer.SGD(learning_rate=0.5))
    store.push(1, [nd.ones(2, ctx=mx.cpu(i)) for i in range(2)])
    out = nd.zeros(2, ctx=mx.cpu(1))
    store.pull(1, out=out)
    assert out.asnumpy().tolist() == [0, 0] and out.context == mx.cpu(1)
    with pytest.raises(ArgumentError, match="no key 3"):
        store.push(3, nd.ones(1))
    with pytest.raises(ArgumentError, match="no store 'dist_sync'"):
        mx.kv.create("dist_sync")


def test_a_network_is_trained_under_another_engine(backend):
    net = nn.Dense(1, in_units=2)
    net.initialize("ones")
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    with autograd.record():
        loss = gluon.loss.L2Loss()(net(nd.ones((1, 2))), nd.zeros(1))
    loss.backward()
    trainer.step(1)
    assert net.weight.data().backend.name == backend
    assert net.weight.data().asnumpy().tolist() == [[0, 0]]


def test_a_hybridized_block_gives_what_it_gave(monkeypatch):
    net = nn.HybridSequential()
    net.add(nn.Dense(3, in_units=2, activation="tanh"), nn.BatchNorm(in_channels=3), nn.Dense(1, in_units=3))
    net.initialize("uniform", ctx=[mx.cpu(0), mx.cpu(1)])
    net[0].weight.data(mx.cpu(1))[:] = 1
    calls, forward = [], nn.HybridSequential.forward
    monkeypatch.setattr(nn.HybridSequential, "forward", lambda *args: calls.append(1) or forward(*args))
    inputs = [nd.array([[1, k]], ctx=mx.cpu(k % 2)) for k in range(8)]
    wanted = [net(x).asscalar() for x in inputs]
    net.hybridize()
    assert [net(x).asscalar() for x in inputs] == pytest.approx(wanted, rel=1e-6)
    assert len(calls) < 16
    net[0].weight.data(mx.cpu(0))[:] = 2
    assert net(inputs[0]).asscalar() != wanted[0]
    with autograd.record():
        loss = net(inputs[0]).sum()
    loss.backward()
    seen = []
    net[1].register_forward_hook(lambda *args: seen.append(1))
    net(inputs[0]), net(inputs[0])
    assert len(seen) == 2 and net[2].bias.grad().asscalar() == 1


@pytest.mark.parametrize(
    ("engine", "optimizer", "options"),
    [
        ("numpy", "sgd", {"momentum": 0.9}),
        ("numpy", "adam", {}),
        pytest.param("jax", "adam", {}, marks=pytest.mark.slow),
    ],
)
def test_a_training_step_is_compiled(engine, optimizer, options):
    pytest.importorskip(engine)
    with mx.use_backend(engine):
        _compile_a_training_step(optimizer, options)


def _compile_a_training_step(optimizer, options):
    def make():
        mx.random.seed(7)
        net = nn.HybridSequential()
        net.add(nn.Dense(4, in_units=3, activation="relu"), nn.BatchNorm(in_channels=4), nn.Dropout(0.25))
        net.add(nn.Dense(2, in_units=4))
        net.initialize()
        schedule = mx.lr_scheduler.CosineScheduler(50, 0.05, final_lr=0.01)
        trainer = gluon.Trainer(net.collect_params(), optimizer, {"lr_scheduler": schedule, **options})
        metric = mx.metric.Accuracy()

        def step(x, y):
            with autograd.record():
                out = net(x)
                loss = gluon.loss.SoftmaxCrossEntropyLoss()(out, y)
            loss.backward()
            trainer.step(x.shape[0])
            metric.update([y], [out])
            return loss.mean()

        return step, metric

    rows = np.random.RandomState(0).randn(8, 5, 3)
    batches = [(nd.array(x), nd.array(x[:, 0] > 0)) for x in rows]
    eager, counted = make()
    wanted = [eager(*batch).asscalar() for batch in batches]
    step, metric = make()
    compiled = mx.compile(step)
    assert [compiled(*batch).asscalar() for batch in batches] == pytest.approx(wanted, abs=1e-5)
    assert metric.get() == counted.get()
    assert compiled.stats()["replays"] >= 4 and compiled.stats()["eager"] == 0


def test_trained_values_are_read_from_a_file_or_it_is_said_where_that_would_be(tmp_path):
    with pytest.raises(ArgumentError, match=r"downloads nothing; save the values of 'mobilenet0.25' as .*0.25'.params"):
        gluon.model_zoo.vision.mobilenet0_25(pretrained=True, root=str(tmp_path))
    with pytest.raises(ArgumentError, match="Model resnet18_v3 is not supported"):
        gluon.model_zoo.vision.get_resnet(3, 18)
    with pytest.raises(ArgumentTypeError, match="takes version and num_layers"):
        gluon.model_zoo.vision.get_resnet(1)
    trained = gluon.model_zoo.vision.get_model("mobilenet0.25", classes=2)
    trained.initialize()
    x = nd.random.uniform(shape=(1, 3, 32, 32))
    y = trained(x)
    trained.save_parameters(str(tmp_path / "mobilenet0.25-0123abcd.params"))
    loaded = gluon.model_zoo.vision.mobilenet0_25(pretrained=True, ctx=mx.cpu(), root=str(tmp_path), classes=2)
    assert loaded(x).asnumpy().tolist() == y.asnumpy().tolist()


def test_a_large_batch_is_one_step_by_the_mean_of_its_gradients_and_a_growing_rate():
    options = {"learning_rate": 1.0, "batch_scale": 2, "warmup_epochs": 2, "updates_per_epoch": 2}
    updater = mx.optimizer.get_updater(mx.optimizer.create("lbsgd", **options))
    weight, weights = nd.zeros(1), []
    for slope in (1, 3, 1, 3, 1, 3):
        updater(0, nd.array([slope]), weight)
        weights.append(weight.asscalar())
    assert weights == [0, -3, -3, -7, -7, -11]


def test_channels_are_laid_out_as_pixels():
    contrib = gluon.contrib.nn
    x = np.arange(72).reshape(1, 3, 2, 2, 2, 3)  # channels, rows and columns of a block, rows, columns
    wanted = x.transpose(0, 1, 4, 2, 5, 3).reshape(1, 3, 4, 6)
    assert (contrib.PixelShuffle2D(2)(nd.array(x.reshape(1, 12, 2, 3))).asnumpy() == wanted).all()
    assert contrib.PixelShuffle1D(3)(nd.array([[[1], [2], [3]]])).asnumpy().tolist() == [[[1, 2, 3]]]
    assert contrib.PixelShuffle3D((1, 2, 1))(nd.ones((1, 2, 3, 1, 1))).shape == (1, 1, 3, 2, 1)
    with pytest.raises(ArgumentError, match=r"factor is .* give 2 numbers"):
        contrib.PixelShuffle2D((1, 2, 3))


def test_an_update_ahead_of_the_first_forward_says_so_of_the_weights_that_wait():
    net = initialized(nn.Dense(2))  # whose bias has values and no gradient yet
    with pytest.raises(gluon.DeferredInitializationError, match="Pass data through the network before"):
        gluon.Trainer(net.collect_params(), "sgd").step(1)


def test_what_is_printed_of_a_layer_and_an_augmenter_is_what_mxnet_prints():
    options = "eps=1e-05, momentum=0.9, fix_gamma=False, use_global_stats=False, ndev=2, key='n_', in_channels=3"
    assert repr(gluon.contrib.nn.SyncBatchNorm(3, num_devices=2, prefix="n_")) == f"SyncBatchNorm({options})"
    assert mx.image.CastAug("uint8").dumps() == '["castaug", {"type": "uint8"}]'


@pytest.mark.parametrize(
    ("name", "words"), [("register_op_hook", "register_forward_hook"), ("save", "save_parameters")]
)
def test_methods_of_symbols_say_what_blocks_have(name, words):
    with pytest.raises(AttributeError, match=words):
        getattr(nn.Dense(1), name)


@pytest.mark.parametrize("copied", [lambda net: net, copy.deepcopy])
@pytest.mark.parametrize("kind", ["register_forward_hook", "register_forward_pre_hook"])
def test_every_hook_is_called_whether_or_not_its_handle_is_kept(kind, copied):
    net = nn.HybridSequential()
    net.add(nn.Flatten())
    called = []
    register = getattr(net[0], kind)
    kept = register(lambda *_: called.append("kept"))
    for i in range(9):
        register(lambda *_, i=i: called.append(i))
    other = copied(net)
    for block in {net, other}:
        block.hybridize()
    other(nd.ones((1, 1)))
    assert called == ["kept", *range(9)]
    kept.detach()
    net(nd.ones((1, 1)))
    assert called[10:] == [*range(9)]
