#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Time what `solstice bench` times, in PyTorch: a network painting one frame in a style that is known already,
on the processor. Prints a JSON object with the median milliseconds of each way to run it.

    env -u OPENBLAS_CORETYPE scripts/bench-pytorch.py [--model compact|vgg19] [WIDTHxHEIGHT [FRAMES]]
    env -u OPENBLAS_CORETYPE scripts/bench-pytorch.py --method gatys --model vgg19-features [WIDTHxHEIGHT [STEPS]]

With --method gatys a step of optimisation is timed: the network forward, the loss (src/style/gatys.h), and its
gradient at the picture. Gradients of weights are not asked for. The network is built from models/MODEL.json with random weights, which take as long as any others. The fair rival
is the fastest way.
"""
import argparse, contextlib, json, os, time, warnings

import torch
from torch import nn
from torch.nn import functional as F

# name: whether it is a frozen, optimised TorchScript module, the memory format, the precision
WAYS = {
    "float32": (False, torch.contiguous_format, "float32"),
    "float32 channels_last": (False, torch.channels_last, "float32"),
    "float32 torchscript": (True, torch.contiguous_format, "float32"),
    "bfloat16 autocast": (False, torch.contiguous_format, "autocast"),
    "bfloat16 channels_last autocast": (False, torch.channels_last, "autocast"),
    # with the network rewritten for PyTorch's sake: see reflect()
    "tuned float32 channels_last torchscript": (True, torch.channels_last, "float32"),
    "tuned bfloat16 channels_last autocast": (False, torch.channels_last, "autocast"),
    "tuned bfloat16 channels_last torchscript": (True, torch.channels_last, "bfloat16"),
}


STEP_WAYS = {
    "float32": (False, torch.contiguous_format, "float32"),
    "float32 channels_last": (False, torch.channels_last, "float32"),
    "float32 torchscript": (True, torch.contiguous_format, "float32"),
    "float32 channels_last torchscript": (True, torch.channels_last, "float32"),
    "bfloat16 channels_last autocast": (False, torch.channels_last, "autocast"),
}
CONTENT, STYLE = ["relu4_2"], ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]


def reflect(x, border, tuned):
    """A reflected border. Networks are published with PyTorch's own, which is slow for channels_last and does not
    know bfloat16; tuned ones put it together from slices."""
    if border and not tuned:
        return F.pad(x, [border] * 4, mode="reflect")
    for dim in (3, 2) if border else ():
        last = x.shape[dim] - 1
        before = [x.narrow(dim, i, 1) for i in range(border, 0, -1)]
        after = [x.narrow(dim, last - i, 1) for i in range(1, border + 1)]
        x = torch.cat(before + [x] + after, dim)
    return x


def moments(x):
    mean = x.mean((2, 3), keepdim=True)
    return mean, (x.var((2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()


class Painter(nn.Module):
    """The network that an architecture (docs/model-format.md) describes; its style is that of the first picture
    it paints."""

    def __init__(self, architecture, tuned):
        super().__init__()
        self.tuned = tuned
        self.architecture, self.convs, self.style = architecture, nn.ModuleDict(), {}
        self.kept = {name for layer in architecture["layers"]
                     for name in [layer.get("style")] + layer.get("inputs", [])}
        channels, last = {"input": 3}, "input"
        for layer in architecture["layers"]:
            name, inputs = layer["name"], channels[layer.get("inputs", [last])[0]]
            channels[name], last = layer.get("channels", inputs), name
            if layer["op"] == "conv":
                assert layer.get("border", "reflect") == "reflect"
                kernel, bias = layer.get("kernel", 3), layer.get("bias", True)
                self.convs[name] = nn.Conv2d(inputs, channels[name], kernel, bias=bias)
                nn.init.kaiming_normal_(self.convs[name].weight)
        self.eval()

    def conv(self, layer, kept, x):
        x = self.convs[layer["name"]](reflect(x, layer.get("kernel", 3) // 2, self.tuned))
        return F.relu_(x) if layer.get("relu") else x

    def affine(self, layer, kept, x):
        for key, apply in ("scale", torch.mul), ("offset", torch.add):
            value = layer.get(key)
            x = x if value is None else apply(x, torch.tensor(value, dtype=x.dtype).view(1, -1, 1, 1))
        return x

    def adain(self, layer, kept, x):
        tap = layer["style"]
        if tap not in self.style:
            self.style[tap] = moments(kept[tap])
        (mean, std), (style_mean, style_std) = moments(x), self.style[tap]
        return (x - mean) / std * style_std.to(x.dtype) + style_mean.to(x.dtype)

    def relu(self, layer, kept, x):
        return F.relu(x)

    def max_pool(self, layer, kept, x):
        return F.max_pool2d(x, 2)

    def upsample(self, layer, kept, x):
        return F.interpolate(x, scale_factor=2, mode="nearest")

    def add(self, layer, kept, x, y):
        return x + y

    def forward(self, picture):
        x = self.affine(self.architecture.get("input", {}), {}, picture)
        kept = {"input": x}
        for layer in self.architecture["layers"]:
            inputs = [kept[name] for name in layer["inputs"]] if "inputs" in layer else [x]
            x = getattr(self, layer["op"])(layer, kept, *inputs)
            if layer["name"] in self.kept:
                kept[layer["name"]] = x
        return self.affine(self.architecture.get("output", {}), {}, x)


class Encoder(nn.Module):
    """The layers of an architecture that are compared, as a plain sequence: what gives PyTorch the least to do."""

    def __init__(self, architecture):
        super().__init__()
        self.steps, channels, last = nn.ModuleList(), 3, len(architecture["layers"])
        names = [layer["name"] for layer in architecture["layers"]]
        self.taps = [names.index(name) for name in CONTENT + STYLE]
        for layer in architecture["layers"][:max(self.taps) + 1]:
            if layer["op"] == "conv":
                assert layer.get("border") == "zero"
                self.steps.append(nn.Conv2d(channels, layer["channels"], 3, padding=1))
                nn.init.kaiming_normal_(self.steps[-1].weight)
                channels = layer["channels"]
            else:
                self.steps.append({"relu": nn.ReLU(inplace=True), "max_pool": nn.MaxPool2d(2)}[layer["op"]])
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        self.eval()

    def forward(self, x):
        kept = []
        for i, step in enumerate(self.steps):
            x = step(x)
            if i in self.taps:
                kept.append(x)
        return tuple(kept[-2:-1] + kept[:-2] + kept[-1:])  # the content first: relu4_2 lies before relu5_1


def gram(x):
    flat = x.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def multiplies_bfloat16():
    """Whether the processor does: elsewhere bfloat16 takes many times as long, up to minutes a frame."""
    try:
        with open("/proc/cpuinfo") as file:
            return "avx512_bf16" in file.read()
    except OSError:
        return False


def time_step_way(architecture, way, picture, steps):
    script, layout, precision = STEP_WAYS[way]
    network, picture = Encoder(architecture).to(memory_format=layout), picture.contiguous(memory_format=layout)
    with torch.autocast("cpu", torch.bfloat16) if precision == "autocast" else contextlib.nullcontext():
        if script:
            network = torch.jit.freeze(torch.jit.trace(network, picture))
        with torch.no_grad():
            wanted = [x if i == 0 else gram(x) for i, x in enumerate(network(torch.rand_like(picture)))]

        def step(frame):
            frame = frame.detach().requires_grad_(True)
            found = network(frame)
            loss = ((found[0] - wanted[0]) ** 2).sum() / (wanted[0] ** 2).sum()
            for x, target in zip(found[1:], wanted[1:]):
                loss = loss + 200 * ((gram(x) - target) ** 2).sum() / (target ** 2).sum()
            loss = loss + 10 * (((frame[..., 1:] - frame[..., :-1]) ** 2).sum() +
                                ((frame[..., 1:, :] - frame[..., :-1, :]) ** 2).sum()) / frame.numel()
            loss.backward()
            return frame.grad
        return median_ms(step, picture, steps)


def median_ms(run, frame, frames):
    times = []
    for n in range(frames + 2):
        start = time.perf_counter()
        run(frame)
        times.append(1000 * (time.perf_counter() - start))
    times = sorted(times[2:])
    return (times[(frames - 1) // 2] + times[frames // 2]) / 2


def time_way(architecture, way, frame, frames):
    script, layout, precision = WAYS[way]
    painter = Painter(architecture, way.startswith("tuned"))
    painter(torch.rand(1, 3, 256, 256))
    painter, frame = painter.to(memory_format=layout), frame.contiguous(memory_format=layout)
    if precision == "bfloat16":
        painter, frame = painter.bfloat16(), frame.bfloat16()
    with torch.autocast("cpu", torch.bfloat16) if precision == "autocast" else contextlib.nullcontext():
        if script:
            painter = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(painter, frame)))
        return median_ms(painter, frame, frames)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="compact")
    parser.add_argument("--method", choices=["adain", "gatys"], default="adain")
    parser.add_argument("size", nargs="?", default="512x512", metavar="WIDTHxHEIGHT")
    parser.add_argument("frames", nargs="?", type=int, default=10, metavar="FRAMES")
    wishes = parser.parse_args()
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models")
    with open(os.path.join(folder, wishes.model + ".json")) as file:
        architecture = json.load(file)
    width, height = map(int, wishes.size.split("x"))
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    warnings.simplefilter("ignore", torch.jit.TracerWarning)  # the numbers of an affine layer are constants
    frame = torch.rand(1, 3, height, width)
    if wishes.method == "gatys":
        ways, time_one = STEP_WAYS, time_step_way
    else:
        ways, time_one = WAYS, torch.no_grad()(time_way)
    result = {way: round(time_one(architecture, way, frame, wishes.frames), 1) for way in ways
              if ways[way][2] == "float32" or multiplies_bfloat16()}
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads(), "model": wishes.model,
                      "width": width, "height": height, "median_ms": result}))


if __name__ == "__main__":
    main()
