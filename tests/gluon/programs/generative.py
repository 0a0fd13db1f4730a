"""A step of DCGAN, a step of style transfer, and matrix factorization."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import nn

mx.random.seed(2)
generator, discriminator = nn.Sequential(), nn.Sequential()
for channels, strides, padding in ((4, 1, 0), (2, 2, 1)):
    generator.add(nn.Conv2DTranspose(channels, 4, strides, padding, use_bias=False))
    generator.add(nn.BatchNorm(), nn.Activation("relu"))
generator.add(nn.Conv2DTranspose(3, kernel_size=4, strides=2, padding=1, use_bias=False, activation="tanh"))
for channels in (2, 4):
    discriminator.add(nn.Conv2D(channels, 4, 2, 1, use_bias=False), nn.BatchNorm(), nn.LeakyReLU(0.2))
discriminator.add(nn.Conv2D(1, kernel_size=4, use_bias=False))
print(generator, discriminator)
loss = gluon.loss.SigmoidBCELoss()
for net in (generator, discriminator):
    net.initialize(init.Normal(0.02), force_reinit=True)
options = {"learning_rate": 0.05, "beta1": 0.5}
trainer_g = gluon.Trainer(generator.collect_params(), "adam", options)
trainer_d = gluon.Trainer(discriminator.collect_params(), "adam", options)
real = nd.random.uniform(-1, 1, shape=(2, 3, 16, 16))
for _ in range(2):
    z = nd.random.normal(0, 1, shape=(2, 5, 1, 1))
    ones, zeros = nd.ones((2,)), nd.zeros((2,))
    with autograd.record():
        fake = generator(z)
        real_y, fake_y = discriminator(real), discriminator(fake.detach())
        l = (loss(real_y, ones.reshape(real_y.shape)) + loss(fake_y, zeros.reshape(fake_y.shape))) / 2
    l.backward()
    trainer_d.step(2)
    print(real_y.shape, l)
    with autograd.record():
        fake_y = discriminator(generator(z))
        l = loss(fake_y, ones.reshape(fake_y.shape))
    l.backward()
    trainer_g.step(2)
    print(fake.shape, l)


class Generated(nn.Block):
    def __init__(self, shape, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.params.get("weight", shape=shape)

    def forward(self):
        return self.weight.data()


features = nn.Sequential()
for channels in (3, 4):
    features.add(nn.Conv2D(channels, 3, padding=1, activation="relu"), nn.MaxPool2D())
features.initialize(init.Xavier())
content, style = nd.random.uniform(shape=(1, 3, 8, 8)), nd.random.uniform(shape=(1, 3, 8, 8))


def gram(X):
    channels, n = X.shape[1], X.size // X.shape[1]
    X = X.reshape((channels, n))
    return nd.dot(X, X.T) / (channels * n)


image = Generated(content.shape)
image.initialize(init.Constant(content), force_reinit=True)
trainer = gluon.Trainer(image.collect_params(), "adam", {"learning_rate": 0.1})
wanted, wanted_style = features(content), gram(features(style))
for step in range(3):
    with autograd.record():
        X = image()
        Y = features(X)
        variation = (X[:, :, 1:, :] - X[:, :, :-1, :]).abs().mean() + (X[:, :, :, 1:] - X[:, :, :, :-1]).abs().mean()
        l = (Y - wanted).square().mean() + 100 * (gram(Y) - wanted_style).square().mean() + variation
    l.backward()
    trainer.step(1)
    print(step, l.asscalar(), image().mean())


class Factors(gluon.Block):
    def __init__(self, k, users, items, **kwargs):
        super().__init__(**kwargs)
        with self.name_scope():
            self.user = nn.Embedding(users, k)
            self.item = nn.Embedding(items, k)
            self.user_bias = nn.Embedding(users, 1)

    def forward(self, users, items):
        return (self.user(users) * self.item(items)).sum(axis=1) + nd.squeeze(self.user_bias(users), axis=1)


model = Factors(4, 6, 5)
model.initialize(mx.init.Normal(0.1))
trainer = gluon.Trainer(model.collect_params(), "adagrad", {"learning_rate": 0.2, "wd": 1e-3})
users, items, stars = nd.array([0, 1, 2, 5]), nd.array([4, 0, 3, 3]), nd.array([5, 3, 1, 4])
for _ in range(3):
    with autograd.record():
        l = gluon.loss.L2Loss()(model(users, items), stars)
    l.backward()
    trainer.step(4)
    print(l.mean().asscalar())
print(model, model.user.weight.data()[0])
