#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make the golden tensors that tests compare with, computed in PyTorch:

- tests/data/golden-compact.safetensors, for tests/model/test_golden.c: what the reference definition of the default
  network, `Compact` in scripts/train_compact.py, makes of two pictures;
- tests/data/golden-transform.safetensors, for tests/model/test_transform.c: what a transform network of the shape of
  PyTorch's example `fast_neural_style` (Johnson et al. 2016; models/transform-johnson.json), but with few channels and
  random weights, makes of a picture;
- tests/data/golden-sanakoyeu.safetensors, for the same: the same of the network of adaptive-style-transfer (Sanakoyeu
  et al. 2018; models/transform-sanakoyeu.json), with its weights as TensorFlow names and orders them;
- tests/data/golden-wct.safetensors, for tests/model/test_golden_wct.c: features whitened and coloured by the definition
  (Li et al. 2017), in float64.

    scripts/golden.py [MODEL.safetensors [FOLDER]]

The files hold the inputs too (N x C x H x W), so nothing else is needed to compare.
"""
import importlib.util, json, os, struct, sys

import numpy as np
import torch
import torch.nn.functional as F

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


def features(channels, height, width, seed):
    """Features after a ReLU whose channels hang together, one of them always 0."""
    random = np.random.RandomState(seed)
    mixed = random.randn(channels, channels) @ random.randn(channels, height * width) / channels ** 0.5
    mixed[channels // 2] = -1
    return torch.from_numpy(mixed.clip(0).astype(np.float32)).reshape(1, channels, height, width)


def power(covariance, exponent):
    """A covariance to a power, without eigenvalues up to 1e-5."""
    values, vectors = torch.linalg.eigh(covariance)
    kept = values > 1e-5
    return vectors[:, kept] @ torch.diag(values[kept] ** exponent) @ vectors[:, kept].T


def whiten_and_colour(content, style, strength):
    x, y = (f[0].double().flatten(1) for f in (content, style))
    x_mean, y_mean = x.mean(1, keepdim=True), y.mean(1, keepdim=True)
    x_covariance = (x - x_mean) @ (x - x_mean).T / (x.shape[1] - 1)
    y_covariance = (y - y_mean) @ (y - y_mean).T / (y.shape[1] - 1)
    coloured = power(y_covariance, 0.5) @ power(x_covariance, -0.5) @ (x - x_mean) + y_mean
    return (strength * coloured + (1 - strength) * x).reshape(content.shape).float()


def save_wct(train, out):
    style, content, few = features(24, 9, 11, 1), features(24, 8, 13, 2), features(24, 3, 5, 3)
    train.save_safetensors({"style": style, "content": content, "few": few,
                            "content_1": whiten_and_colour(content, style, 1),
                            "content_0.6": whiten_and_colour(content, style, 0.6),
                            "few_1": whiten_and_colour(few, style, 1)}, out, {"of": "whitening and colouring"})


JOHNSON = {"conv1": (3, 4, 9), "conv2": (4, 6, 3), "conv3": (6, 8, 3),
           **{f"res{r}.conv{c}": (8, 8, 3) for r in range(1, 6) for c in (1, 2)},
           "deconv1": (8, 6, 3), "deconv2": (6, 4, 3), "deconv3": (4, 3, 9)}  # inputs, outputs, kernel


def johnson_norm(name):
    """The instance norm behind a convolution; None behind the last."""
    numbers = {"deconv1": "in4", "deconv2": "in5", "deconv3": None}
    return numbers[name] if name in numbers else name.replace("conv", "in")


def johnson_weights(seed):
    random = np.random.RandomState(seed)
    numbers = lambda *shape: torch.from_numpy(random.randn(*shape).astype(np.float32))
    weights = {}
    for name, (ins, outs, kernel) in JOHNSON.items():
        norm = johnson_norm(name)
        spread = (2 / (ins * kernel * kernel)) ** 0.5 * (1 if norm else 40)
        weights[name + ".conv2d.weight"] = spread * numbers(outs, ins, kernel, kernel)
        weights[name + ".conv2d.bias"] = 0.1 * numbers(outs) + (0 if norm else 120)
        if norm:
            weights[norm + ".weight"] = 1 + 0.2 * numbers(outs)
            weights[norm + ".bias"] = 0.2 * numbers(outs)
    return weights


def johnson(weights, image):
    def convolve(x, name, stride=1):
        pad = JOHNSON[name][2] // 2
        return F.conv2d(F.pad(x, (pad,) * 4, "reflect"), weights[name + ".conv2d.weight"],
                        weights[name + ".conv2d.bias"], stride)

    def layer(x, name, stride=1):
        norm = johnson_norm(name)
        return F.instance_norm(convolve(x, name, stride), weight=weights[norm + ".weight"],
                               bias=weights[norm + ".bias"], eps=1e-5)

    x = F.relu(layer(255 * image, "conv1"))
    x = F.relu(layer(x, "conv2", 2))
    x = F.relu(layer(x, "conv3", 2))
    for r in range(1, 6):
        x = x + layer(F.relu(layer(x, f"res{r}.conv1")), f"res{r}.conv2")
    for name in ("deconv1", "deconv2"):
        x = F.relu(layer(F.interpolate(x, scale_factor=2, mode="nearest"), name))
    return (convolve(x, "deconv3") / 255).clamp(0, 1)


WIDTHS = (4, 4, 6, 8, 10)  # channels of the network of adaptive-style-transfer: of its encoder's convolutions
DECODER = (10, 8, 6, 4)    # and of the decoder's, behind nine residual blocks of the encoder's last


def sanakoyeu_convolutions():
    """Of each convolution its variables' prefix and its norm's, and inputs, outputs and kernel."""
    encoder = [(f"encoder/g_e{n}_c/Conv", f"encoder/g_e{n}_bn", *ends, 3)
               for n, ends in enumerate(zip((3,) + WIDTHS, WIDTHS), 1)]
    residuals = [(f"decoder/g_r{n}_c{c}/Conv", f"decoder/g_r{n}_bn{c}", WIDTHS[-1], WIDTHS[-1], 3)
                 for n in range(1, 10) for c in (1, 2)]
    decoder = [(f"decoder/g_d{n}_dc/conv2d/Conv", f"decoder/g_d{n}_bn", *ends, 3)
               for n, ends in enumerate(zip(WIDTHS[-1:] + DECODER, DECODER), 1)]
    return encoder + residuals + decoder + [("decoder/g_pred_c/Conv", None, DECODER[-1], 3, 7)]


def sanakoyeu_variables(seed):
    random = np.random.RandomState(seed)
    numbers = lambda *shape: torch.from_numpy(random.randn(*shape).astype(np.float32))
    variables = {"encoder/g_e0_bn/scale": 1 + 0.2 * numbers(3), "encoder/g_e0_bn/offset": 0.2 * numbers(3)}
    for conv, norm, ins, outs, kernel in sanakoyeu_convolutions():
        variables[conv + "/weights"] = (2 / (ins * kernel * kernel)) ** 0.5 * numbers(kernel, kernel, ins, outs)
        if norm:
            variables[norm + "/scale"] = 1 + 0.2 * numbers(outs)
            variables[norm + "/offset"] = 0.2 * numbers(outs)
    return variables


def sanakoyeu(variables, image):
    def convolve(x, name, stride=1, zeros=0):
        return F.conv2d(x, variables[name + "/weights"].permute(3, 2, 0, 1), None, stride, zeros)

    def norm(x, name):
        return F.instance_norm(x, weight=variables[name + "/scale"], bias=variables[name + "/offset"], eps=1e-5)

    reflect = lambda x, pixels: F.pad(x, (pixels,) * 4, "reflect")
    x = reflect(norm(2 * image - 1, "encoder/g_e0_bn"), 15)
    for n in range(1, 6):
        x = F.relu(norm(convolve(x, f"encoder/g_e{n}_c/Conv", 1 if n == 1 else 2), f"encoder/g_e{n}_bn"))
    for n in range(1, 10):
        y = F.relu(norm(convolve(reflect(x, 1), f"decoder/g_r{n}_c1/Conv"), f"decoder/g_r{n}_bn1"))
        x = x + norm(convolve(reflect(y, 1), f"decoder/g_r{n}_c2/Conv"), f"decoder/g_r{n}_bn2")
    for n in range(1, 5):
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = F.relu(norm(convolve(x, f"decoder/g_d{n}_dc/conv2d/Conv", zeros=1), f"decoder/g_d{n}_bn"))
    x = 2 * torch.sigmoid(convolve(reflect(x, 3), "decoder/g_pred_c/Conv")) - 1
    return (x + 1) / 2


def save_sanakoyeu(train, out):
    content, variables = picture(64, 48, 1.1), sanakoyeu_variables(3)
    with torch.no_grad():
        output = sanakoyeu(variables, content)
    train.save_safetensors({"content": content, "output": output, **variables}, out,
                           {"of": "transform-sanakoyeu with few channels"})


def main():
    root = os.path.dirname(HERE)
    model = sys.argv[1] if len(sys.argv) > 1 else os.path.join(root, "models", "compact.safetensors")
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.join(root, "tests", "data")
    out, transform = (os.path.join(folder, f"golden-{name}.safetensors") for name in ("compact", "transform"))
    train = load_script("train_compact")
    save_wct(train, os.path.join(folder, "golden-wct.safetensors"))
    save_sanakoyeu(train, os.path.join(folder, "golden-sanakoyeu.safetensors"))
    network = train.Compact().eval()
    network.load_state_dict({name.replace("encoder.", "enc.").replace("decoder.", "dec."): tensor
                             for name, tensor in load_safetensors(model).items()})
    content, style = picture(48, 40, 0.5), picture(40, 48, 1.7)
    with torch.no_grad():
        taps = network.encode(content)
        output = network(content, style)
    train.save_safetensors({"content": content, "style": style, "relu2_2": taps[0], "relu3_2": taps[1],
                            "relu4_1": taps[2], "output": output}, out, {"of": os.path.basename(model)})
    weights = johnson_weights(1)
    with torch.no_grad():
        output = johnson(weights, content)
    train.save_safetensors({"content": content, "output": output, **weights}, transform,
                           {"of": "transform-johnson with few channels"})


if __name__ == "__main__":
    main()
