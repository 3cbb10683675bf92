#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make the golden tensors of networks with the shape of VGG-19, in double precision:

- tests/data/golden-vgg19.safetensors, for tests/model/test_golden.c: what AdaIN's network (models/vgg19.json) makes of
  a picture and a style, with the random weights that src/model/architecture.c makes up;
- tests/data/golden-gatys.safetensors, for tests/style/test_golden_gatys.c: the loss of painting by optimisation and its
  gradient (src/style/gatys.h), as PyTorch's own differentiation finds them.

    scripts/golden_vgg19.py [ENCODER5.pth]

golden-gatys.safetensors holds the pictures (N x C x H x W, in [0, 1]), and for each network and kind of
statistics the parts of the loss and the gradient. The networks are models/vgg19-features.json, with the random weights
that src/model/architecture.c makes up, and models/vgg19-distilled-features.json with the weights of ENCODER5.pth,
which are not ours and not in the file.
"""
import json, os, sys

import numpy as np
import torch
from torch.nn import functional as F

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, HERE)
import golden

CONTENT = ["relu4_2"]
STYLE = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
WEIGHTS = {"content": 1, "style": 1000, "tv": 10}
SEED = 1


def splitmix64(state, count):
    """The next `count` numbers of src/base/random.c; and the state after them."""
    gamma = 0x9E3779B97F4A7C15
    bits = np.uint64(state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(gamma)
    bits = (bits ^ bits >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ bits >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return bits ^ bits >> np.uint64(31), (state + count * gamma) % 2 ** 64


def random_weights(architecture, seed):
    """The tensors that src/model/architecture.c makes up, as float32."""
    tensors, channels, last = {}, {"input": 3}, "input"
    for layer in architecture["layers"]:
        name, inputs = layer["name"], channels[layer.get("inputs", [last])[0]]
        channels[name], last = layer.get("channels", inputs), name
        if layer["op"] != "conv":
            continue
        shape = (channels[name], inputs, layer.get("kernel", 3), layer.get("kernel", 3))
        bits, seed = splitmix64(seed, int(np.prod(shape)))
        bound = np.sqrt((6.0 if layer.get("relu") else 3.0) / np.prod(shape[1:]))
        weight = (bound * ((bits >> np.uint64(11)).astype(np.float64) * 2.0 ** -52 - 1)).astype(np.float32)
        tensors[layer["tensors"] + ".weight"] = torch.from_numpy(weight.reshape(shape))
        tensors[layer["tensors"] + ".bias"] = torch.zeros(channels[name])
    return tensors


def moments(x):
    return x.mean((2, 3), keepdim=True), (x.var((2, 3), unbiased=False, keepdim=True) + 1e-5).sqrt()


def features(architecture, tensors, picture, until, style=None):
    """What each layer makes of a picture, up to the layer `until`; `style` is what they make of a style image."""
    per_channel = lambda value: torch.tensor(value, dtype=picture.dtype).view(1, -1, 1, 1)
    ends = architecture.get("input") or {}
    values = {"input": picture * per_channel(ends.get("scale", 1)) + per_channel(ends.get("offset", 0))}
    x = values["input"]
    for layer in architecture["layers"]:
        x = values[layer["inputs"][0]] if "inputs" in layer else x
        if layer["op"] == "conv":
            weight, bias = (tensors[f"{layer['tensors']}.{part}"].to(picture.dtype) for part in ("weight", "bias"))
            border = layer.get("kernel", 3) // 2
            if layer.get("border", "reflect") == "reflect" and border:
                x = F.conv2d(F.pad(x, [border] * 4, mode="reflect"), weight, bias)
            else:
                x = F.conv2d(x, weight, bias, padding=border)
        elif layer["op"] == "max_pool":
            x = F.max_pool2d(x, 2)
        elif layer["op"] == "upsample":
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        elif layer["op"] == "adain":
            mean, std = moments(x)
            aim_mean, aim_std = moments(style[layer["style"]])
            x = (x - mean) / std * aim_std + aim_mean
        if layer["op"] == "relu" or layer.get("relu"):
            x = F.relu(x)
        values[layer["name"]] = x
        if layer["name"] == until:
            return values


def statistics(x, kind):
    flat = x.flatten(2)[0]
    return flat @ flat.T / flat.shape[1] if kind == "gram" else torch.cat([m.flatten() for m in moments(x)])


def loss(architecture, tensors, kind, content, style, painting):
    """The three parts with their weights, and the gradient of their sum."""
    with torch.no_grad():
        wanted = features(architecture, tensors, content, STYLE[-1])
        target = features(architecture, tensors, style, STYLE[-1])
    painting = painting.clone().requires_grad_(True)
    found = features(architecture, tensors, painting, STYLE[-1])
    share = lambda a, b: ((a - b) ** 2).sum() / (b ** 2).sum()
    right, below = painting[..., 1:] - painting[..., :-1], painting[..., 1:, :] - painting[..., :-1, :]
    parts = torch.stack([
        WEIGHTS["content"] * sum(share(found[name], wanted[name]) for name in CONTENT) / len(CONTENT),
        WEIGHTS["style"] * sum(share(statistics(found[name], kind), statistics(target[name], kind))
                               for name in STYLE) / len(STYLE),
        WEIGHTS["tv"] * ((right ** 2).sum() + (below ** 2).sum()) / painting.numel()])
    parts.sum().backward()
    return parts.detach(), painting.grad


def load_architecture(name):
    with open(os.path.join(ROOT, "models", name + ".json")) as file:
        return json.load(file)


def save(tensors, name):
    golden.load_script("train_compact").save_safetensors(
        tensors, os.path.join(ROOT, "tests", "data", f"golden-{name}.safetensors"), {})


def save_adain():
    architecture = load_architecture("vgg19")
    tensors, last = random_weights(architecture, SEED), architecture["layers"][-1]["name"]
    content, style = golden.picture(48, 40, 0.5), golden.picture(40, 48, 1.7)
    with torch.no_grad():
        learned = features(architecture, tensors, style.double(), "relu4_1")
        values = features(architecture, tensors, content.double(), last, learned)
    save({"content": content, "style": style, "relu4_1": values["relu4_1"].float(), "output": values[last].float()},
         "vgg19")


def main():
    save_adain()
    networks = {"vgg19-features": None}
    if len(sys.argv) > 1:
        networks["vgg19-distilled-features"] = torch.load(sys.argv[1], map_location="cpu")["model"]
    pictures = {"content": golden.picture(40, 32, 0.5), "style": golden.picture(44, 38, 1.7),
                "painting": golden.picture(40, 32, 0.9)}
    out = dict(pictures)
    doubles = [picture.double() for picture in pictures.values()]
    for network, tensors in networks.items():
        architecture = load_architecture(network)
        tensors = tensors or random_weights(architecture, SEED)
        for kind in "gram", "moments":
            parts, gradient = loss(architecture, tensors, kind, *doubles)
            print(network, kind, parts.tolist(), gradient.norm().item())
            out[f"{network}.{kind}.parts"], out[f"{network}.{kind}.gradient"] = parts.float(), gradient.float()
    save(out, "gatys")


if __name__ == "__main__":
    main()
