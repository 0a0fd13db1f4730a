"""What programs do around networks: loops over iterators, layers from scratch, copies, casts, schedules."""

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import data as gdata
from mxnet.gluon import loss as gloss
from mxnet.gluon import nn, rnn

mx.random.seed(1)
np.random.seed(1)


def sec(n):
    print("##", n)


ctx = mx.cpu()
sec("iter loop")
images = np.random.rand(40, 1, 8, 8).astype("float32")
labels = np.random.randint(0, 3, 40)
train_data = mx.io.NDArrayIter(images, labels, 8, shuffle=True)
net = gluon.nn.Sequential()
with net.name_scope():
    net.add(gluon.nn.Conv2D(channels=4, kernel_size=3, activation="relu"))
    net.add(gluon.nn.MaxPool2D(pool_size=2, strides=2))
    net.add(gluon.nn.Flatten())
    net.add(gluon.nn.Dense(8, activation="relu"))
    net.add(gluon.nn.Dense(3))
net.collect_params().initialize(mx.init.Xavier(magnitude=2.24), ctx=ctx)
sce = gluon.loss.SoftmaxCrossEntropyLoss()
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1})


def evaluate_accuracy(it, net):
    acc = mx.metric.Accuracy()
    it.reset()
    for i, batch in enumerate(it):
        data = batch.data[0].as_in_context(ctx)
        label = batch.label[0].as_in_context(ctx)
        predictions = nd.argmax(net(data), axis=1)
        acc.update(preds=predictions, labels=label)
    return acc.get()[1]


moving_loss = 0.0
for e in range(2):
    train_data.reset()
    for i, batch in enumerate(train_data):
        data, label = batch.data[0].as_in_context(ctx), batch.label[0].as_in_context(ctx)
        with autograd.record():
            output = net(data)
            loss = sce(output, label)
        loss.backward()
        trainer.step(data.shape[0])
        curr = nd.mean(loss).asscalar()
        moving_loss = curr if (i == 0 and e == 0) else 0.9 * moving_loss + 0.1 * curr
    print("Epoch %s. Loss: %s, Train_acc %s" % (e, round(float(moving_loss), 4), evaluate_accuracy(train_data, net)))
print(net.collect_params())
print(net.prefix, net[0].weight)
sec("custom dense")


class MyDense(gluon.Block):
    def __init__(self, units, in_units=0, **kwargs):
        super(MyDense, self).__init__(**kwargs)
        with self.name_scope():
            self.units = units
            self._in_units = in_units
            self.weight = self.params.get("weight", init=mx.init.Xavier(magnitude=2.24), shape=(in_units, units))
            self.bias = self.params.get("bias", shape=(units,))

    def forward(self, x):
        with x.context:
            linear = nd.dot(x, self.weight.data()) + self.bias.data()
            return nd.relu(linear)


d = MyDense(4, in_units=5)
print(d.params)
d.collect_params().initialize(ctx=ctx)
print(d(nd.ones((2, 5))))
sec("bn scratch")


def batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum):
    if not autograd.is_training():
        X_hat = (X - moving_mean) / nd.sqrt(moving_var + eps)
    else:
        if len(X.shape) == 2:
            mean = X.mean(axis=0)
            var = ((X - mean) ** 2).mean(axis=0)
        else:
            mean = X.mean(axis=(0, 2, 3), keepdims=True)
            var = ((X - mean) ** 2).mean(axis=(0, 2, 3), keepdims=True)
        X_hat = (X - mean) / nd.sqrt(var + eps)
        moving_mean = momentum * moving_mean + (1.0 - momentum) * mean
        moving_var = momentum * moving_var + (1.0 - momentum) * var
    return gamma * X_hat + beta, moving_mean, moving_var


class BatchNorm(nn.Block):
    def __init__(self, num_features, num_dims, **kwargs):
        super(BatchNorm, self).__init__(**kwargs)
        shape = (1, num_features) if num_dims == 2 else (1, num_features, 1, 1)
        self.gamma = self.params.get("gamma", shape=shape, init=init.One())
        self.beta = self.params.get("beta", shape=shape, init=init.Zero())
        self.moving_mean = nd.zeros(shape)
        self.moving_var = nd.zeros(shape)

    def forward(self, X):
        if self.moving_mean.context != X.context:
            self.moving_mean = self.moving_mean.copyto(X.context)
            self.moving_var = self.moving_var.copyto(X.context)
        Y, self.moving_mean, self.moving_var = batch_norm(
            X, self.gamma.data(), self.beta.data(), self.moving_mean, self.moving_var, eps=1e-5, momentum=0.9
        )
        return Y


net = nn.Sequential()
net.add(
    nn.Conv2D(3, kernel_size=3),
    BatchNorm(3, num_dims=4),
    nn.Activation("sigmoid"),
    nn.Dense(4),
    BatchNorm(4, num_dims=2),
    nn.Activation("sigmoid"),
    nn.Dense(3),
)
net.initialize(init.Xavier())
tr = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1.0})
X, y = nd.array(images[:8]), nd.array(labels[:8])
for _ in range(3):
    with autograd.record():
        l = sce(net(X), y)
    l.backward()
    tr.step(8)
print(l, net[1].gamma.data().reshape((-1,)), net[1].beta.data().reshape((-1,)), net[1].moving_mean, net(X)[0])
sec("kaggle")
fx = nd.random.normal(shape=(20, 6))
fy = nd.exp(nd.random.normal(shape=(20,)))
net = nn.Sequential()
net.add(nn.Dense(1))
net.initialize()
loss = gloss.L2Loss()


def log_rmse(net, f, l):
    c = nd.clip(net(f), 1, float("inf"))
    return nd.sqrt(2 * loss(c.log(), l.log()).mean()).asscalar()


tr = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.5, "wd": 0})
for _ in range(3):
    for a, b in gdata.DataLoader(gdata.ArrayDataset(fx, fy), 5, shuffle=True):
        with autograd.record():
            l = loss(net(a), b)
        l.backward()
        tr.step(5)
    print(round(float(log_rmse(net, fx, fy)), 3))


def get_k(k, i, X):
    n = X.shape[0] // k
    parts = [X[j * n : (j + 1) * n, :] for j in range(k) if j != i]
    return nd.concat(*parts, dim=0).shape


print(get_k(4, 1, fx))
sec("dropout mlp")
net = nn.Sequential()
net.add(nn.Dense(8, activation="relu"), nn.Dropout(0.2), nn.Dense(8, activation="relu"), nn.Dropout(0.5), nn.Dense(3))
net.initialize(init.Normal(sigma=0.1))
X = nd.random.uniform(shape=(4, 5))
with autograd.record():
    print(net(X))
with autograd.predict_mode():
    print(net(X))
with autograd.train_mode():
    print(net(X))
sec("lr")
for s in (
    mx.lr_scheduler.FactorScheduler(3, 0.9),
    mx.lr_scheduler.MultiFactorScheduler(step=[2, 4], factor=0.5),
    mx.lr_scheduler.PolyScheduler(6, 0.1, 2, 0.01),
    mx.lr_scheduler.CosineScheduler(6, 0.3, 0.01, 2, 0, "linear"),
    mx.lr_scheduler.CosineScheduler(6, 0.3, 0.01, 2, 0.1, "constant"),
):
    print([round(s(i), 5) for i in range(1, 9)])
sec("copy")
a, b = nn.Dense(2, in_units=3), nn.Dense(2, in_units=3)
a.initialize()
b.initialize(init.Zero())
for p, q in zip(a.collect_params().values(), b.collect_params().values()):
    q.set_data(p.data())
print(b.weight.data(), a.collect_params().keys(), [k for k in b.collect_params()])
print(
    a.weight.data() is a.weight.list_data()[0],
    a.weight.name,
    a.weight.lr_mult,
    a.weight.wd_mult,
    a.weight.dtype,
    a.bias.grad_req,
    a.weight.init,
)
sec("cell net")


class Net(gluon.HybridBlock):
    def __init__(self, **kw):
        super().__init__(**kw)
        with self.name_scope():
            self.lstm = rnn.LSTMCell(5)
            self.fwd = rnn.HybridSequentialRNNCell()
            self.fwd.add(rnn.GRUCell(4))
            self.fc = nn.Dense(2)

    def hybrid_forward(self, F, x):
        o, s = self.lstm.unroll(3, x, layout="NTC", merge_outputs=True)
        o, s = self.fwd.unroll(3, o, layout="NTC", merge_outputs=False)
        return self.fc(o[-1])


net = Net()
net.initialize(init.Xavier())
print(net(nd.random.normal(shape=(2, 3, 4))))
print(net)
print(list(net.collect_params().keys()))
net.hybridize()
print(net(nd.ones((2, 3, 4))))
sec("misc")
print(
    gluon.nn.Dense(3).prefix[:5],
    nn.Conv2D(3, 3).params.prefix[:4],
    isinstance(net, gluon.Block),
    isinstance(net.fc.weight, gluon.Parameter),
)
net = nn.Sequential(prefix="mynet_")
with net.name_scope():
    net.add(nn.Dense(2, prefix="fc_"))
    net.add(nn.Dense(2))
print(net.collect_params())
net.initialize()
print(net(nd.ones((1, 2))))
print(net.collect_params("mynet_fc.*|.*bias"))
l = nn.LayerNorm()
l.initialize()
print(l(nd.array([[1, 2, 4.0]])), l)
e = nn.Embedding(4, 2, weight_initializer=init.Constant(2))
e.initialize()
print(e(nd.array([1, 3])))
seq = nn.Sequential()
for i in range(3):
    seq.add(nn.Dense(i + 1))
print(len(seq), seq[1], [type(b).__name__ for b in seq], seq[-2:])
net.apply(lambda b: print(b.name))
net.cast("float64")
print(net(nd.ones((1, 2), dtype="float64")).dtype)
