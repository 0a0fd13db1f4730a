"""Layers, blocks, initializers and normalization on mx.np."""

import mxnet as mx
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn

npx.set_np()
mx.random.seed(0)


def batch_norm(X, gamma, beta, moving_mean, moving_var, eps, momentum):
    if not autograd.is_training():
        X_hat = (X - moving_mean) / np.sqrt(moving_var + eps)
    else:
        assert len(X.shape) in (2, 4)
        if len(X.shape) == 2:
            mean = X.mean(axis=0)
            var = ((X - mean) ** 2).mean(axis=0)
        else:
            mean = X.mean(axis=(0, 2, 3), keepdims=True)
            var = ((X - mean) ** 2).mean(axis=(0, 2, 3), keepdims=True)
        X_hat = (X - mean) / np.sqrt(var + eps)
        moving_mean = momentum * moving_mean + (1.0 - momentum) * mean
        moving_var = momentum * moving_var + (1.0 - momentum) * var
    return (gamma * X_hat + beta, moving_mean, moving_var)


class BatchNorm(nn.Block):
    def __init__(self, num_features, num_dims, **kwargs):
        super().__init__(**kwargs)
        shape = (1, num_features) if num_dims == 2 else (1, num_features, 1, 1)
        self.gamma = self.params.get("gamma", shape=shape, init=init.One())
        self.beta = self.params.get("beta", shape=shape, init=init.Zero())
        self.moving_mean = np.zeros(shape)
        self.moving_var = np.ones(shape)

    def forward(self, X):
        if self.moving_mean.ctx != X.ctx:
            self.moving_mean = self.moving_mean.copyto(X.ctx)
            self.moving_var = self.moving_var.copyto(X.ctx)
        Y, self.moving_mean, self.moving_var = batch_norm(
            X, self.gamma.data(), self.beta.data(), self.moving_mean, self.moving_var, eps=1e-12, momentum=0.9
        )
        return Y


X = np.random.uniform(size=(8, 1, 12, 12))
y = np.random.randint(0, 10, size=(8,))


class Residual(nn.Block):
    def __init__(self, num_channels, use_1x1conv=False, strides=1, **kwargs):
        super().__init__(**kwargs)
        self.conv1 = nn.Conv2D(num_channels, kernel_size=3, padding=1, strides=strides)
        self.conv2 = nn.Conv2D(num_channels, kernel_size=3, padding=1)
        self.conv3 = nn.Conv2D(num_channels, kernel_size=1, strides=strides) if use_1x1conv else None
        self.bn1 = nn.BatchNorm()
        self.bn2 = nn.BatchNorm()

    def forward(self, X):
        Y = npx.relu(self.bn1(self.conv1(X)))
        Y = self.bn2(self.conv2(Y))
        if self.conv3:
            X = self.conv3(X)
        return npx.relu(Y + X)


loss = gluon.loss.SoftmaxCrossEntropyLoss()
a = nn.Sequential()
a.add(
    nn.Conv2D(6, kernel_size=5),
    BatchNorm(6, 4),
    nn.Activation("sigmoid"),
    nn.MaxPool2D(2, 2),
    nn.Dense(10),
    BatchNorm(10, 2),
    nn.Activation("sigmoid"),
    nn.Dense(10),
)
b = nn.Sequential()
b.add(
    nn.Conv2D(4, kernel_size=3),
    nn.BatchNorm(),
    nn.Activation("relu"),
    Residual(4),
    Residual(8, True, 2),
    nn.GlobalAvgPool2D(),
    nn.Dense(10),
)
for net in (a, b):
    net.initialize(init.Xavier())
    tr = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    for _ in range(3):
        with autograd.record():
            l = loss(net(X), y)
        l.backward()
        tr.step(8)
        print(l.mean())
    print(net(X)[0])
print(a[1].gamma.data().reshape(-1), a[1].beta.data().reshape(-1), b[1].running_mean.data(), b[1].running_var.data())


class Centered(nn.Block):
    def forward(self, X):
        return X - X.mean()


class MyDense(nn.Block):
    def __init__(self, units, in_units, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=(in_units, units))
        self.bias = self.params.get("bias", shape=(units,))

    def forward(self, x):
        return npx.relu(np.dot(x, self.weight.data(ctx=x.ctx)) + self.bias.data(ctx=x.ctx))


d = MyDense(units=3, in_units=5)
d.initialize()
print(d(np.random.uniform(size=(2, 5))))
print(d.params, Centered()(np.array([1, 2, 3, 4, 5])))


class FixedHiddenMLP(nn.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.rand_weight = self.params.get_constant("rand_weight", np.random.uniform(size=(20, 20)))
        self.dense = nn.Dense(20, activation="relu")

    def forward(self, X):
        X = self.dense(X)
        X = npx.relu(np.dot(X, self.rand_weight.data()) + 1)
        X = self.dense(X)
        while np.abs(X).sum() > 1:
            X /= 2
        return X.sum()


n = FixedHiddenMLP()
n.initialize()
print(n(np.random.uniform(size=(2, 20))))


class MyInit(init.Initializer):
    def _init_weight(self, name, data):
        print("Init", name, data.shape)
        data[:] = np.random.uniform(-10, 10, data.shape)
        data *= np.abs(data) >= 5


net = nn.Sequential()
net.add(nn.Dense(8, activation="relu"), nn.Dense(1))
net.initialize(MyInit(), force_reinit=True)
net(np.ones((2, 4)))
print(net[0].weight.data()[:2])
net[0].weight.data()[:] += 1
net[0].weight.data()[0, 0] = 42
print(net[0].weight.data()[0])


class HybridNet(nn.HybridBlock):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = nn.Dense(4)
        self.output = nn.Dense(2)

    def hybrid_forward(self, F, x):
        x = F.npx.relu(self.hidden(x))
        return self.output(x)


n = HybridNet()
n.initialize()
print(n(np.ones((1, 3))))
n.hybridize()
print(n(np.ones((1, 3))))


def corr2d(X, K):
    h, w = K.shape
    Y = np.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


X = np.ones((6, 8))
X[:, 2:6] = 0
K = np.array([[1.0, -1.0]])
print(corr2d(X, K))
c = nn.Conv2D(1, kernel_size=(1, 2), use_bias=False)
c.initialize()
Xr = X.reshape(1, 1, 6, 8)
Yr = corr2d(X, K).reshape(1, 1, 6, 7)
for i in range(4):
    with autograd.record():
        l = (c(Xr) - Yr) ** 2
    l.backward()
    c.weight.data()[:] -= 0.03 * c.weight.grad()
    print(f"batch {i + 1}, loss {float(l.sum()):.3f}")
print(c.weight.data().reshape((1, 2)))
print(
    nn.MaxPool2D((2, 3), padding=(0, 1), strides=(2, 3))(np.arange(16).reshape((1, 1, 4, 4))),
    nn.AvgPool2D(2)(np.arange(16).reshape((1, 1, 4, 4))),
)
l2 = lambda w: (w**2).sum() / 2
print(l2(np.ones(3)), 1)
print(gluon.utils.split_and_load(np.arange(20).reshape(4, 5), [npx.cpu(0), npx.cpu(1)]))
