#!/usr/bin/env python3
"""Writes a TensorFlow checkpoint's variables into a .safetensors file that `solstice import` reads.

    scripts/export-tf-checkpoint.py CHECKPOINT OUT.safetensors

CHECKPOINT is a folder (its latest checkpoint is taken) or a checkpoint's prefix, the path without .index, .data-...
or .meta. It takes numpy and any TensorFlow from 1.x to 2.x, of which only the checkpoint reader is used: no graph is
loaded and nothing is run. Variables keep their names and their layout (convolutions: height, width, in, out); those of
optimisers, discriminators and counters stay behind.

For the networks of adaptive-style-transfer (Sanakoyeu et al., ECCV 2018), whose pretrained models are folders such as
model_van-gogh:

    scripts/export-tf-checkpoint.py models/model_van-gogh/checkpoint_long van-gogh.safetensors
    solstice import van-gogh.safetensors
"""

import json
import os
import re
import struct
import sys

import numpy

# Parts of names of variables that painting has no use for.
LEFT_BEHIND = re.compile(r"(^|/)(discriminator|beta[12]_power|global_step)(/|_\d+$|$)"
                         r"|/(Adam|Momentum|RMSProp|Adagrad)(_\d+)?$")


def find_prefix(path):
    """The checkpoint's prefix; for a folder that of its latest checkpoint, which the file "checkpoint" names."""
    if not os.path.isdir(path):
        return re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", path)
    try:
        with open(os.path.join(path, "checkpoint"), encoding="utf-8") as file:
            latest = re.search(r'^model_checkpoint_path: *"(.*)"', file.read(), re.MULTILINE)
    except OSError:
        latest = None
    if latest:
        return os.path.join(path, os.path.basename(latest.group(1)))
    found = sorted(name[:-6] for name in os.listdir(path) if name.endswith(".index"))
    if not found:
        sys.exit(f"{path}: holds no checkpoint")
    return os.path.join(path, found[-1])


def read_variables(prefix):
    """The variables' names and values, in float32 where they are floats."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow
    except ImportError:
        sys.exit("export-tf-checkpoint.py: this takes TensorFlow; install it with: pip install tensorflow")
    try:
        train = tensorflow.train  # load_checkpoint came with 1.8, and the other left with 2.0
        open_checkpoint = getattr(train, "load_checkpoint", None) or train.NewCheckpointReader
        reader = open_checkpoint(prefix)
    except Exception as error:  # what it is depends on the version
        sys.exit(f"{prefix}: cannot be read as a checkpoint: {error}")
    variables = {}
    for name in sorted(reader.get_variable_to_shape_map()):
        if LEFT_BEHIND.search(name):
            continue
        value = reader.get_tensor(name)
        if numpy.issubdtype(value.dtype, numpy.floating):
            variables[name] = numpy.ascontiguousarray(value, dtype="<f4")
    return variables


def write_safetensors(path, tensors, metadata):
    """Eight bytes with the header's length, the header as JSON, the tensors' numbers."""
    header, offset = {"__metadata__": metadata}, 0
    for name, value in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path + ".partial", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors.values():
            file.write(value.tobytes())
    os.replace(path + ".partial", path)


def main():
    if len(sys.argv) != 3 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    prefix = find_prefix(sys.argv[1])
    variables = read_variables(prefix)
    if not variables:
        sys.exit(f"{prefix}: has no variables to export")
    write_safetensors(sys.argv[2], variables, {"source": os.path.basename(prefix)})
    print(f"{sys.argv[2]}: {len(variables)} tensors, {sum(v.size for v in variables.values())} numbers")


if __name__ == "__main__":
    main()
