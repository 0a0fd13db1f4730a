"""Iterators over images, with boxes too, the augmenters of both, and resizing."""

import random
import struct
import tempfile
import zlib
from pathlib import Path

import mxnet as mx
import numpy as np
from mxnet import image, nd

random.seed(3)
np.random.seed(3)


def png(pixels):
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


folder = Path(tempfile.mkdtemp())
root = str(folder)
names = ["%d.png" % i for i in range(7)]
writer = mx.recordio.MXIndexedRecordIO(root + "/a.idx", root + "/a.rec", "w")
for i, name in enumerate(names):
    content = png(np.random.randint(0, 256, (20 + i, 30 - i, 3)).astype(np.uint8))
    (folder / name).write_bytes(content)
    writer.write_idx(i, mx.recordio.pack(mx.recordio.IRHeader(0, float(i), i, 0), content))
writer.close()
lines = ["%d\t%d\t%d\t%s\n" % (i, i, i * 2, name) for i, name in enumerate(names)]
(folder / "a.lst").write_text("".join(lines))


def show(it, rounds):
    print(it.provide_data, it.provide_label)
    for _ in range(rounds):
        it.reset()
        for b in it:
            print(b.data[0].shape, b.data[0].mean().asscalar(), b.label[0], b.pad)


shape = (3, 10, 10)
colours = {"brightness": 0.1, "contrast": 0.1, "saturation": 0.1, "hue": 0.1, "pca_noise": 0.1, "rand_gray": 0.3}
files = {"imglist": [[i, name] for i, name in enumerate(names)], "path_root": root, "shuffle": True, "rand_crop": True}
for last in ("pad", "discard", "roll_over"):
    show(image.ImageIter(3, shape, rand_mirror=True, mean=True, last_batch_handle=last, **files), 3)
show(image.ImageIter(2, shape, path_imgrec=root + "/a.rec", resize=14, inter_method=1), 1)
records = {"path_imgrec": root + "/a.rec", "path_imgidx": root + "/a.idx", "num_parts": 2, "part_index": 1}
show(image.ImageIter(2, shape, shuffle=True, rand_resize=True, rand_crop=True, **colours, **records), 2)
show(image.ImageIter(4, shape, label_width=2, path_imglist=root + "/a.lst", path_root=root), 1)

boxes = [
    [2, 5, 0, 0.1, 0.1, 0.6, 0.7],
    [2, 5, 1, 0.2, 0.3, 0.9, 0.8, 0, 0.0, 0.0, 0.3, 0.4],
    [4, 5, 9, 9, 2, 0.1, 0.2, 0.8, 0.9],
]
listed = [[np.array(box, "float32"), name] for box, name in zip(boxes, names)]
shape = (3, 16, 16)
for options in (
    {"rand_crop": 0.8, "rand_pad": 0.8, "rand_mirror": True, "mean": True, "min_object_covered": [0.1, 0.5]},
    {"rand_crop": 1, "area_range": (0.3, 1.0), "aspect_ratio_range": 1.0, "resize": 18, "brightness": 0.1},
    {"rand_pad": 1, "rand_gray": 0.5, "inter_method": 1},
):
    it = image.ImageDetIter(2, shape, imglist=listed, path_root=root, shuffle=True, **options)
    show(it, 3)
    print(it.label_shape, [aug.dumps() for aug in it.auglist[:2]])
few = image.ImageDetIter(2, shape, imglist=listed[:1], path_root=root)
print(few.label_shape, it.sync_label_shape(few).label_shape)
pixels = nd.array(np.random.randint(0, 256, (20, 30, 3)), dtype="uint8")
for aug in (image.DetRandomCropAug(0.2, area_range=(0.3, 0.9)), image.DetRandomPadAug(area_range=(1.5, 3))):
    for _ in range(4):
        changed, label = aug(pixels, np.array([[0, 0.1, 0.1, 0.5, 0.6], [1, 0.4, 0.4, 0.9, 0.9]]))
        print(changed.shape, label.round(4).tolist())
for shape in ((16, 12), (30, 10), (12, 20), (15, 10), (48, 40)):
    print(image.imresize(pixels, *shape)[0, :, 0])
