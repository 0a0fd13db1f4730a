"""Blocks, parameters and their names; sharing, initialization, files."""

import os
import tempfile

from mxnet import gluon, init, nd
from mxnet.gluon import nn

net = nn.Sequential()
net.add(nn.Dense(8, activation="relu"), nn.Dense(3))
print(net)
print(net.collect_params())
net.initialize()
x = nd.random.uniform(shape=(2, 5))
print(net(x))
print(net[0].params, net[0].weight.shape, net[1].bias.data())
print(net.collect_params(".*weight"))
net.initialize(init.Normal(sigma=0.01), force_reinit=True)
print(net[0].weight.data()[0])
net.initialize(init.Constant(1), force_reinit=True)
print(net[0].weight.data()[0], net[1].weight.grad()[0])
net[0].weight.initialize(init.Xavier(), force_reinit=True)
print(net[0].weight.data()[0])


class Ramp(init.Initializer):
    def _init_weight(self, name, data):
        print("Ramp", name, data.shape)
        data[:] = nd.random.uniform(low=-10, high=10, shape=data.shape)
        data *= data.abs() >= 5


net.initialize(Ramp(), force_reinit=True)
print(net[0].weight.data()[0])
net[0].weight.set_data(net[0].weight.data() + 1)
print(net[0].weight.data()[0])

shared = nn.Dense(4, activation="relu")
twin = nn.Sequential()
twin.add(nn.Dense(4, activation="relu"), shared, nn.Dense(4, activation="relu", params=shared.params), nn.Dense(2))
twin.initialize()
print(twin(x) * 1000, (twin[1].weight.data() == twin[2].weight.data()).asnumpy().all())
print(twin.collect_params())


class Mixed(nn.Block):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.hidden = nn.Dense(6, activation="tanh")
            self.out = nn.Dense(2, use_bias=False)
        self.rand = self.params.get_constant("rand", nd.array([[1, 2], [3, 4]]))
        self.scale = self.params.get("scale", shape=(1, 2), init=init.One())

    def forward(self, x):
        y = nd.dot(self.out(self.hidden(x)), self.rand.data()) * self.scale.data()
        while y.norm().asscalar() > 1:
            y = y / 2
        return y


mixed = Mixed(prefix="top_")
mixed.initialize(init.Normal(0.5))
print(mixed(x))
print(mixed)
print(mixed.collect_params())
mixed.summary(x)
with tempfile.TemporaryDirectory() as folder:
    name = os.path.join(folder, "mixed.params")
    mixed.save_parameters(name)
    print(sorted(nd.load(name)))
    other = Mixed()
    other.load_parameters(name)
    print((other(x) == mixed(x)).asnumpy().all())


class Custom(nn.Block):
    def __init__(self, units, in_units, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=(in_units, units))
        self.bias = self.params.get("bias", shape=(units,))

    def forward(self, x):
        return nd.relu(nd.dot(x, self.weight.data()) + self.bias.data())


custom = Custom(3, 5)
print(custom.params)
custom.initialize()
print(custom(x))
print(gluon.Parameter("alone", shape=(2, 3)), gluon.ParameterDict("block_"))


class Centered(nn.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.broadcast_sub(x, F.mean(x))


hybrid = nn.HybridSequential(prefix="h_")
with hybrid.name_scope():
    hybrid.add(nn.Dense(4), Centered(), nn.Dense(2, prefix="last_"))
hybrid.initialize()
before = hybrid(x)
hybrid.hybridize()
print(hybrid, hybrid.collect_params(), (abs(hybrid(x) - before).max() < 1e-5).asscalar())
