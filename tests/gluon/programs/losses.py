"""Every loss with its gradient, metrics, and a few steps of every optimizer."""

import mxnet as mx
from mxnet import autograd, gluon, init, nd
from mxnet.gluon import loss as gloss
from mxnet.gluon import nn


def show(*arrays):
    for x in arrays:
        print(x.shape, x.reshape((-1,))[:4].asnumpy(), "%.5g" % x.abs().sum().asscalar())


def run(loss, *arrays):
    arrays[0].attach_grad()
    with autograd.record():
        l = loss(*arrays)
    l.backward()
    print(loss)
    show(l, arrays[0].grad)


mx.random.seed(3)
pred, other, third = (nd.random.normal(shape=(4, 3)) for _ in range(3))
label, signs, parts = nd.array([0, 2, 1, 1]), nd.sign(third), nd.random.uniform(0.1, 0.9, shape=(4, 3))
weights, rows = nd.array([[1], [2], [0], [0.5]]), nd.softmax(third)
run(gloss.L2Loss(), pred, other)
run(gloss.L2Loss(3.0), pred, other, weights)
run(gloss.L1Loss(), pred, other)
run(gloss.SigmoidBinaryCrossEntropyLoss(), pred, parts, weights)
run(gloss.SigmoidBCELoss(from_sigmoid=True), parts, rows)
run(gloss.SoftmaxCrossEntropyLoss(), pred, label)
run(gloss.SoftmaxCELoss(sparse_label=False), pred, rows, weights)
run(gloss.SoftmaxCELoss(axis=1, from_logits=True), nd.log_softmax(third.reshape((2, 3, 2)), axis=1), nd.ones((2, 2)))
run(gloss.KLDivLoss(from_logits=False), pred, rows)
run(gloss.KLDivLoss(), pred, rows)
scores = nd.random.normal(shape=(2, 6, 4))
run(gloss.CTCLoss(), scores, nd.array([[0, 1, -1], [2, 1, 0]]))
run(gloss.CTCLoss("TNC", "TN"), nd.random.normal(shape=(6, 2, 4)), nd.array([[0, 1], [2, 1], [0, 2]]))
run(gloss.CTCLoss(), scores, nd.array([[0, 1, 2], [2, 1, 0]]), nd.array([5, 6]), nd.array([2, 3]))
run(gloss.HuberLoss(0.5), pred, other)
run(gloss.HingeLoss(), pred, signs)
run(gloss.SquaredHingeLoss(2), pred, signs)
run(gloss.LogisticLoss(), pred, signs)
run(gloss.LogisticLoss(label_format="binary"), pred, parts)
run(gloss.TripletLoss(), pred, other, third)
run(gloss.PoissonNLLLoss(), pred, parts)
run(gloss.PoissonNLLLoss(from_logits=False), parts, rows)
run(gloss.CosineEmbeddingLoss(margin=0.1), pred, other, nd.array([1, -1, 1, -1]))
run(gloss.SDMLLoss(), pred, other)

labels, preds = [nd.array([0, 1, 1, 0]), label > 0], [nd.softmax(pred[:, :2]), nd.softmax(other[:, :2])]
for name in ("acc", "f1", "mcc", "pcc", "ce", "nll_loss", "loss"):
    metric = mx.metric.create(name)
    metric.update(labels[:1], preds[:1])
    first = metric.get()
    metric.update(labels[1:], preds[1:])
    print(first, metric.get(), metric.get_global())
    metric.reset_local()
    metric.update(labels, preds)
    print(metric)
for metric in (mx.metric.F1(average="micro"), mx.metric.MCC(average="micro"), mx.metric.Perplexity(1)):
    metric.update(labels, preds)
    print(metric.get())
for name in ("mae", "mse", "rmse", "pearsonr"):
    metric = mx.metric.create(name)
    metric.update([pred[0], pred[1]], [other[0], other[1]])
    print(metric.get())
several = mx.metric.create(["acc", "ce"])
several.update(labels, preds)
top = mx.metric.TopKAccuracy(top_k=2)
top.update([label], [other])
custom = mx.metric.create(lambda label, pred: (label - pred.argmax(1)).sum())
custom.update(labels, preds)
print(several.get(), top.get(), custom.get())

x, y = nd.random.normal(shape=(5, 4)), nd.random.normal(shape=(5, 3))


def train(name, **options):
    mx.random.seed(1)
    net = nn.Dense(3, in_units=4)
    net.initialize(init.Normal(0.5))
    trainer = gluon.Trainer(net.collect_params(), name, options)
    for _ in range(3):
        with autograd.record():
            l = (net(x) - y).square().mean()
        l.backward()
        trainer.step(2)
    print(name, trainer.learning_rate)
    show(net.weight.data(), net.bias.data())


train("sgd", learning_rate=0.1)
train("sgd", learning_rate=0.1, momentum=0.9, wd=0.01, clip_gradient=0.05)
train("nag", learning_rate=0.1, momentum=0.9)
train("nag", learning_rate=0.1, wd=0.1)
train("adam")
train("adam", learning_rate=0.1, wd=0.1, clip_gradient=0.1)
train("adagrad", learning_rate=0.1, wd=0.1)
train("adadelta", wd=0.01)
train("adamax", wd=0.1)
train("nadam", learning_rate=0.1, wd=0.1)
train("rmsprop", learning_rate=0.1)
train("rmsprop", learning_rate=0.1, centered=True, wd=0.1, clip_weights=0.5)
train("ftrl")
train("ftml", learning_rate=0.1, wd=0.1, clip_gradient=0.2)
train("signum", wd=0.1, wd_lh=0.01)
train("signum", momentum=0.0)
train("dcasgd")
train("sgld", learning_rate=0.01)
train("lamb", learning_rate=0.1, wd=0.1)
train("lamb", learning_rate=0.1, upper_bound=0.5, bias_correction=False)
train("lars", learning_rate=0.5, wd=0.1)
train("lars", learning_rate=0.5, momentum=0.9)
train("sgd", learning_rate=0.5, lr_scheduler=mx.lr_scheduler.FactorScheduler(2, 0.5))
train("adam", lr_scheduler=mx.lr_scheduler.CosineScheduler(4, 0.1, warmup_steps=2))
train("sgd", lr_scheduler=mx.lr_scheduler.MultiFactorScheduler([1, 3], 0.1, 0.5))
train("sgd", lr_scheduler=mx.lr_scheduler.PolyScheduler(4, 0.5))
