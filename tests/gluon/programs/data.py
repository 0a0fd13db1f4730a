"""Data sets, loaders, iterators, records and images."""

import os
import tempfile

import mxnet as mx
import numpy as np
from mxnet import nd
from mxnet.gluon import data as gdata
from mxnet.gluon.data.vision import transforms

np.random.seed(0)
X, y = nd.arange(14).reshape((7, 2)), nd.arange(7)
dataset = gdata.ArrayDataset(X, y)
print(len(dataset), dataset[2][0], float(dataset[2][1]))
for options in ({}, {"shuffle": True}, {"last_batch": "discard"}, {"last_batch": "rollover"}):
    loader = gdata.DataLoader(dataset, batch_size=3, **options)
    print(options, len(loader))
    for a, b in loader:
        print(a.shape, a.dtype, b)
    print(len(loader))
loader = gdata.DataLoader(gdata.SimpleDataset([1, 2, 3]), batch_size=2)
print([(b, b.dtype) for b in loader])
print(list(gdata.SimpleDataset(list(range(6))).filter(lambda x: x % 2).transform(lambda x: x * 10)))
print([len(dataset.shard(3, i)) for i in range(3)], len(dataset.take(4)), len(dataset.take(None)))
changed = dataset.transform_first(lambda x: x * 10)
print(changed[1][0], dataset.transform(lambda x, y: (x.sum(), y + 1))[1][0])
print(list(gdata.BatchSampler(gdata.SequentialSampler(5), 2, "discard")), list(gdata.RandomSampler(4)))
batched = gdata.DataLoader(dataset, batch_sampler=gdata.BatchSampler(gdata.SequentialSampler(7), 4))
print([b[1] for b in batched])

rows = np.arange(10).reshape((5, 2)).astype("float32")
for handle in ("pad", "discard", "roll_over"):
    batches = mx.io.NDArrayIter(rows, np.arange(5), batch_size=2, last_batch_handle=handle)
    print(handle, batches.provide_data, batches.provide_label)
    for _ in range(2):
        for batch in batches:
            print(batch.data[0], batch.label[0].asnumpy(), batch.pad if handle == "pad" else "")
        batches.reset()
batches = mx.io.NDArrayIter({"a": rows, "b": rows[:, :1]}, batch_size=3, shuffle=True)
print(sorted(d.name for d in batches.provide_data), batches.next().data[0].shape, batches.provide_label)
print(mx.io.DataBatch([X], [y]))
print(len(list(mx.io.ResizeIter(mx.io.NDArrayIter(rows, batch_size=2), 5))))

with tempfile.TemporaryDirectory() as folder:
    names = os.path.join(folder, "x.idx"), os.path.join(folder, "x.rec")
    record = mx.recordio.MXIndexedRecordIO(*names, "w")
    for i in range(3):
        header = mx.recordio.IRHeader(0, [float(i), 2.0] if i == 2 else float(i), i, 0)
        record.write_idx(i, mx.recordio.pack(header, b"content %d \x0a\x23\xd7\xce and so on" % i))
    record.close()
    record = mx.recordio.MXIndexedRecordIO(*names, "r")
    print(record.keys)
    for i in (2, 0):
        print(mx.recordio.unpack(record.read_idx(i)))
    records = gdata.RecordFileDataset(names[1])
    print(len(records), len(records[1]))
    nd.save(os.path.join(folder, "x.params"), {"x": X})
    print(nd.load(os.path.join(folder, "x.params")))
    with open(os.path.join(folder, "x.csv"), "w") as file:
        file.write("1,2\n3,4\n5,6\n")
    lines = mx.io.CSVIter(data_csv=os.path.join(folder, "x.csv"), data_shape=(2,), batch_size=2)
    print([batch.data[0] for batch in lines])

picture = nd.array(np.random.randint(0, 255, (5, 7, 3)), dtype="uint8")
tensor = transforms.ToTensor()(picture)
print(tensor.shape, tensor.dtype, tensor[0, 0])
print(transforms.Normalize((0.1, 0.2, 0.3), (0.5, 0.6, 0.7))(tensor)[:, 1, 1])
for size in ((3, 3), (14, 10), (5, 3)):
    print(transforms.Resize(size)(picture).shape, mx.image.imresize(picture, *size).dtype)
print(transforms.CenterCrop((4, 3))(picture)[0, 0], transforms.Cast("float32")(picture).dtype)
composed = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
print(composed(picture).mean())
print(mx.image.resize_short(picture, 3).shape, mx.image.center_crop(picture, (3, 2))[1])
print(mx.image.fixed_crop(picture, 1, 2, 3, 2)[0, 0], mx.image.scale_down((640, 480), (720, 120)))
print([type(a).__name__ for a in mx.image.CreateAugmenter((3, 4, 4), rand_mirror=True, mean=True, std=True)])
batch = gdata.DataLoader(gdata.ArrayDataset(nd.stack(picture, picture), [0, 1]).transform_first(composed), 2)
print([(x.shape, x.dtype, y) for x, y in batch])
