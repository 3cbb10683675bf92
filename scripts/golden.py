#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make the golden tensors that tests/model/test_golden.c compares with: what the reference definition
of the default network, `Compact` in scripts/train_compact.py, computes in PyTorch (float32).

    scripts/golden.py [MODEL.safetensors [GOLDEN.safetensors]]

The file holds the two input pictures too (N x C x H x W, in [0, 1]), so nothing else is needed to compare.
"""
import importlib.util, json, os, struct, sys

import numpy as np
import torch

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))


def load_script(name):
    spec = importlib.util.spec_from_file_location(name, os.path.join(HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    header.pop("__metadata__", None)
    numbers = lambda t: np.frombuffer(data[slice(*t["data_offsets"])], np.float32).reshape(t["shape"])
    return {name: torch.from_numpy(numbers(t).copy()) for name, t in header.items()}


def picture(width, height, phase):
    """Waves, a disc with a hard edge and a little noise, in 8-bit steps as a real picture has them."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [0.5 + 0.3 * np.sin(x / (3 + c) + phase * (c + 1)) * np.cos(y / (5 - c) + phase) for c in range(3)]
    image = np.stack(waves)
    disc = (x - width / 2) ** 2 + (y - height / 3) ** 2 < (min(width, height) / 4) ** 2
    image[:, disc] = np.array([0.9, 0.2, 0.1])[:, None] if phase < 1 else np.array([0.1, 0.3, 0.8])[:, None]
    image += 0.05 * np.random.RandomState(int(phase * 10)).randn(3, height, width)
    return torch.from_numpy(np.round(image.clip(0, 1) * 255).astype(np.float32) / 255)[None]


def main():
    root = os.path.dirname(HERE)
    model = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, "models", "compact.safetensors")
    out = sys.argv[2] if len(sys.argv) > 2 else os.path.join(root, "tests", "data", "golden-compact.safetensors")
    train = load_script("train_compact")
    network = train.Compact().eval()
    network.load_state_dict({name.replace("encoder.", "enc.").replace("decoder.", "dec."): tensor
                             for name, tensor in load_safetensors(model).items()})
    content, style = picture(48, 40, 0.5), picture(40, 48, 1.7)
    with torch.no_grad():
        taps = network.encode(content)
        output = network(content, style)
    train.save_safetensors({"content": content, "style": style, "relu2_2": taps[0], "relu3_2": taps[1],
                            "relu4_1": taps[2], "output": output}, out, {"of": os.path.basename(model)})


if __name__ == "__main__":
    main()
