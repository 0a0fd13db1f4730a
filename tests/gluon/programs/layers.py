"""Every layer with drawn weights: its output, the gradients of data and of parameters, its output in prediction."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn, rnn


def show(*arrays):
    for x in arrays:
        print(x.shape, x.reshape((-1,))[:4].asnumpy(), "%.5g" % x.abs().sum().asscalar())


def run(layer, *shape):
    mx.random.seed(7)
    layer.initialize(init.Normal(0.3))
    x = nd.random.normal(shape=shape)
    x.attach_grad()
    with autograd.record():
        y = layer(x)
        total = (y * y).sum()
    total.backward()
    print(layer)
    parameters = layer.collect_params().values()
    show(y, x.grad, *[p.data() if p.grad_req == "null" else p.grad() for p in parameters], layer(x))


run(nn.Dense(3, activation="relu"), 2, 4)
run(nn.Dense(3, flatten=False), 2, 3, 4)
run(nn.Dense(3, use_bias=False), 2, 3, 4)
run(nn.Conv2D(3, 3, padding=1, activation="relu"), 2, 4, 5, 5)
run(nn.Conv2D(4, (3, 2), strides=2, groups=2, use_bias=False), 2, 4, 7, 6)
run(nn.Conv1D(3, 2, dilation=2), 2, 3, 7)
run(nn.Conv3D(2, 2), 1, 2, 3, 4, 3)
run(nn.Conv2DTranspose(3, 4, 2, 1), 2, 4, 5, 5)
run(nn.Conv2DTranspose(4, 3, 2, 1, 1, groups=2, in_channels=4), 2, 4, 4, 4)
run(nn.Conv1DTranspose(2, 3, strides=2, output_padding=1), 1, 2, 4)
run(nn.Conv3DTranspose(2, 2), 1, 2, 2, 3, 2)
run(nn.MaxPool2D(3, 2, 1, ceil_mode=True), 2, 3, 6, 6)
run(nn.AvgPool2D(3, 2, 1), 2, 3, 7, 7)
run(nn.AvgPool2D(3, 2, 1, count_include_pad=False), 2, 3, 7, 7)
run(nn.MaxPool1D(), 2, 3, 5)
run(nn.AvgPool1D(2, 1), 2, 3, 5)
run(nn.AvgPool3D(), 1, 2, 4, 4, 4)
run(nn.MaxPool3D((2, 1, 1)), 1, 2, 4, 2, 2)
for pool in (nn.GlobalAvgPool1D(), nn.GlobalMaxPool1D()):
    run(pool, 2, 3, 4)
for pool in (nn.GlobalAvgPool2D(), nn.GlobalMaxPool2D()):
    run(pool, 2, 3, 4, 2)
for pool in (nn.GlobalAvgPool3D(), nn.GlobalMaxPool3D()):
    run(pool, 2, 3, 2, 2, 2)
run(nn.BatchNorm(), 3, 4, 2, 2)
run(nn.BatchNormReLU(), 3, 4, 2, 2)
run(nn.BatchNorm(center=False, scale=False, axis=-1, momentum=0.5), 3, 4)
run(nn.LayerNorm(), 3, 4)
run(nn.InstanceNorm(), 2, 3, 4, 4)
run(nn.InstanceNorm(axis=2, scale=True), 2, 3, 4, 4)
run(nn.GroupNorm(2), 2, 4, 3)
run(nn.Dropout(0.5), 4, 5)
run(nn.Dropout(0.5, axes=(1,)), 4, 5)
run(nn.Flatten(), 2, 3, 4)
run(nn.LeakyReLU(0.1), 3, 4)
run(nn.PReLU(), 3, 4)
run(nn.PReLU(in_channels=4), 3, 4)
run(nn.ELU(0.7), 3, 4)
run(nn.GELU(), 3, 4)
run(nn.Swish(1.5), 3, 4)
run(nn.Activation("softrelu"), 3, 4)
run(nn.Activation("softsign"), 3, 4)
run(nn.Lambda("tanh"), 3, 4)
run(nn.HybridLambda(lambda F, x: F.relu(x) + 1), 3, 4)
run(nn.ReflectionPad2D(1), 1, 2, 3, 3)
run(rnn.LSTM(4), 5, 2, 3)
run(rnn.LSTM(3, 2, bidirectional=True, layout="NTC"), 2, 5, 3)
run(rnn.GRU(4, 2), 5, 2, 3)
run(rnn.RNN(4), 5, 2, 3)
run(rnn.RNN(4, activation="tanh", bidirectional=True), 5, 2, 3)
embedding = nn.Embedding(3, 4)
embedding.initialize(init.Xavier())
print(embedding(nd.array([[0, 1], [2, 2]])), embedding)
projected = rnn.LSTM(4, projection_size=2)
projected.initialize()
output, states = projected(nd.random.normal(shape=(3, 2, 3)), projected.begin_state(2))
print([(p.name, p.shape) for p in projected.collect_params().values()])
show(output, *states)

for cell in (rnn.RNNCell(4), rnn.LSTMCell(4), rnn.GRUCell(4)):
    cell.initialize(init.Normal(0.4))
    x = nd.random.normal(shape=(2, 3, 5))
    output, states = cell.unroll(3, x, merge_outputs=True)
    show(output, *states)
    output, states = cell.unroll(3, x, valid_length=nd.array([1, 3]))
    show(output, *states)
    output, states = cell(x[:, 0], cell.begin_state(2))
    show(output, *states)
both = rnn.BidirectionalCell(rnn.LSTMCell(4, prefix="l_"), rnn.GRUCell(3, prefix="r_"))
both.initialize(init.Normal(0.4))
output, states = both.unroll(3, x)
show(*output, *states)
output, states = both.unroll(3, x, merge_outputs=True, valid_length=nd.array([2, 3]))
show(output, *states)
print(both, list(both.collect_params().keys()))
zoneout = rnn.ZoneoutCell(rnn.RNNCell(4), 0.2, 0.3)
zoneout.initialize(init.Normal(0.4))
with autograd.record():
    output, states = zoneout.unroll(3, x, merge_outputs=True)
print(zoneout, rnn.ResidualCell(rnn.LSTMCell(3)), rnn.DropoutCell(0.5), output.shape)

for initializer in (
    init.Xavier(),
    init.Xavier("gaussian", "in", 2),
    init.MSRAPrelu(),
    init.Orthogonal(),
    init.Orthogonal(rand_type="normal"),
    init.Uniform(),
    init.Normal(),
    "ones",
    init.Constant(3),
    init.LSTMBias(),
    init.Zero(),
):
    layer = nn.Conv2D(4, 3, in_channels=2, use_bias=False)
    layer.initialize(initializer)
    show(layer.weight.data())
layer = nn.Conv2DTranspose(2, 4, in_channels=2)
layer.initialize(init.Bilinear())
show(layer.weight.data())
arrays = [nd.array([3, 4]), nd.array([[1, 2]])]
print(gluon.utils.clip_global_norm(arrays, 2.0), arrays)
print(gluon.utils.split_data(nd.arange(7), 3, even_split=False))
