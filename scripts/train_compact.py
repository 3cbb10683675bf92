#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Train the compact VGG-shaped AdaIN network, the default model (PyTorch >= 1.13, CPU or CUDA).

Two inputs: a folder of photographs and a folder of paintings. The loss network is the VGG-19 encoder
distilled to 1/16 of its arithmetic (encoder5.pth of Collaborative-Distillation, CVPR 2020, MIT): its
1x1 `aux` layers map back to VGG-19's own channel counts, so the losses are those of Huang & Belongie
2017 (AdaIN) on near-VGG-19 features, at a sixteenth of the cost.

    scripts/train_compact.py --content photographs --style paintings --vgg encoder5.pth \
        --minutes 20 --out compact.safetensors

The result is a model as solstice reads it: the architecture, models/compact.json, is in its metadata.
Everything below is the reference definition of the network too: `Compact.forward`.

models/compact.safetensors took 16,000 steps on two cores in two stages, on 957 photographs and 369
paintings: 7,000 at --size 160 --batch 4 --style-weight 5 --lr 1.5e-3, then, from there (--resume), with
all that stands below,
    --size 256 --batch 2 --procedural 300 --content-weight 1.5 --style-weight 3 --texture-weight 2 \
    --lr 1e-3 --bfloat16 --minutes 82
"""
import argparse, glob, json, math, os, random, struct, time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from PIL import Image, ImageDraw


def reflect(x):
    return F.pad(x, (1, 1, 1, 1), mode="reflect")


def moments(x, eps=1e-5):
    """Per-channel mean and standard deviation (biased variance + eps), N x C x 1 x 1."""
    mean = x.mean((2, 3), keepdim=True)
    return mean, (x.var((2, 3), keepdim=True, unbiased=False) + eps).sqrt()


class FastMoments(torch.autograd.Function):
    """moments(), in one pass forward and one backward: half of a training step is spent here."""

    @staticmethod
    def forward(ctx, x, eps):
        flat = x.flatten(2).float()
        mean = flat.mean(2)
        std = (torch.linalg.vector_norm(flat, dim=2) ** 2 / flat.shape[2] - mean * mean).clamp_min(0).add(eps).sqrt()
        mean, std = mean[..., None, None], std[..., None, None]
        ctx.save_for_backward(x, mean, std)
        return mean, std

    @staticmethod
    def backward(ctx, dmean, dstd):
        x, mean, std = ctx.saved_tensors
        k = dstd / std
        n = x.shape[2] * x.shape[3]
        return x * (k / n).to(x.dtype) + ((dmean - k * mean) / n).to(x.dtype), None


def fast_moments(x):
    return FastMoments.apply(x, 1e-5)


def covariance(x):
    """Centred Gram matrices (Gatys et al. 2016) over pixels, N x C x C."""
    x = x.flatten(2)
    x = x - x.mean(2, keepdim=True)
    return torch.bmm(x, x.transpose(1, 2)).float() / x.shape[2]


def adain(content, style):
    """content: N x C x H x W; style: (mean, std) of the style's features at the same tap."""
    mean, std = moments(content)
    return (content - mean) / std * style[1] + style[0]


class Compact(nn.Module):
    """Encoder 3-16-32-32-64-64-128 with taps relu2_2, relu3_2, relu4_1; mirrored decoder with one
    residual block at 1/4 scale; AdaIN at relu4_1, and at 1/4 and 1/2 scale on decoder + encoder
    features. Every 3x3 convolution is reflect-padded; max-pool 2 down, nearest 2x up. Input and
    output in [0, 1]."""

    def __init__(self):
        super().__init__()
        c = lambda i, o: nn.Conv2d(i, o, 3)
        self.enc = nn.ModuleDict(dict(conv1_1=c(3, 16), conv2_1=c(16, 32), conv2_2=c(32, 32),
                                      conv3_1=c(32, 64), conv3_2=c(64, 64), conv4_1=c(64, 128)))
        self.dec = nn.ModuleDict(dict(conv4_1=c(128, 64), res3_1=c(64, 64), res3_2=c(64, 64), conv3_2=c(64, 64),
                                      conv3_1=c(64, 32), conv2_2=c(32, 32), conv2_1=c(32, 16), conv1_1=c(16, 3)))
        nn.init.zeros_(self.dec["res3_2"].weight), nn.init.zeros_(self.dec["res3_2"].bias)

    def encode(self, x):
        e = lambda name, x: F.relu(self.enc[name](reflect(x)))
        x = F.max_pool2d(e("conv1_1", x - 0.5), 2)
        relu2_2 = e("conv2_2", e("conv2_1", x))
        relu3_2 = e("conv3_2", e("conv3_1", F.max_pool2d(relu2_2, 2)))
        relu4_1 = e("conv4_1", F.max_pool2d(relu3_2, 2))
        return relu2_2, relu3_2, relu4_1

    def decode(self, content, style):
        d = lambda name, x: F.relu(self.dec[name](reflect(x)))
        up = lambda x: F.interpolate(x, scale_factor=2, mode="nearest")
        x = up(d("conv4_1", adain(content[2], style[2])))
        x = adain(x + content[1], style[1])
        x = x + self.dec["res3_2"](reflect(d("res3_1", x)))
        x = up(d("conv3_1", d("conv3_2", x)))
        x = up(d("conv2_1", d("conv2_2", adain(x + content[0], style[0]))))
        return self.dec["conv1_1"](reflect(x)) + 0.5

    def forward(self, content, style):
        return self.decode(self.encode(content), [moments(f) for f in self.encode(style)])


class LossNetwork(nn.Module):
    """Distilled VGG-19 to relu5_1; returns the five relu{1..5}_1 maps in VGG-19's channels."""
    PLAN = ["conv11", "tap", "conv12", "pool", "conv21", "tap", "conv22", "pool", "conv31", "tap",
            "conv32", "conv33", "conv34", "pool", "conv41", "tap", "conv42", "conv43", "conv44",
            "pool", "conv51", "tap"]

    def __init__(self, path):
        super().__init__()
        w = torch.load(path, map_location="cpu")
        w = w.get("model", w)
        self.w = nn.ParameterDict({k.replace(".", "_"): nn.Parameter(v, requires_grad=False)
                                   for k, v in w.items()})

    def forward(self, x):
        conv = lambda n, x: F.conv2d(x, self.w[n + "_weight"], self.w[n + "_bias"])
        x, taps, last = conv("conv0", x), [], None
        for step in self.PLAN:
            if step == "pool":
                x = F.max_pool2d(x, 2)
            elif step == "tap":
                taps.append(F.relu(conv(last + "_aux", x)))
            else:
                x, last = F.relu(conv(step, reflect(x))), step
        return taps


def load_images(folder, side):
    out = []
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        im = Image.open(path).convert("RGB")
        s = max(1.0, side / min(im.size))
        if s > 1:
            im = im.resize((math.ceil(im.width * s), math.ceil(im.height * s)), Image.LANCZOS)
        out.append(torch.from_numpy(np.array(im)).permute(2, 0, 1).contiguous())
    return out


def random_crop(x, size, smallest):
    h, w = x.shape[-2:]
    k = random.randint(min(smallest, h, w), min(h, w))
    y, z = random.randint(0, h - k), random.randint(0, w - k)
    p = x[:, y:y + k, z:z + k].float().div(255).unsqueeze(0)
    p = F.interpolate(p, size=(size, size), mode="bilinear", align_corners=False, antialias=True)
    return p.flip(3) if random.random() < 0.5 else p


def recoloured(x):
    """A painting in other colours: channels permuted, contrast and balance changed. A few hundred
    paintings hold too few palettes; half of the styles seen are recoloured."""
    if random.random() < 0.5:
        return x
    mean = x.mean((2, 3), keepdim=True)
    contrast = (0.6 + 1.2 * random.random()) * (0.7 + 0.6 * torch.rand(1, 3, 1, 1))
    balance = 0.3 * (torch.rand(1, 3, 1, 1) - 0.5)
    return ((x - mean) * contrast + mean + balance)[:, torch.randperm(3)].clamp(0, 1)


def smooth_noise(cells, side):
    """Band-limited noise with zero mean and unit deviation: side x side, about `cells` bumps across."""
    x = F.interpolate(torch.randn(1, 1, cells + 3, cells + 3), size=(side, side), mode="bicubic", align_corners=True)
    return ((x - x.mean()) / x.std())[0, 0].numpy()


def procedural_style(side):
    """A made style: mosaic, brush strokes along a flow, marbling or cut paper in a random palette
    (uint8, 3 x side x side). They teach textures and contrasts that a small set of paintings lacks."""
    palette = np.random.rand(random.randint(3, 7), 3) ** random.uniform(0.5, 2)
    palette[0], palette[-1] = palette[0] * 0.25, 1 - (1 - palette[-1]) * 0.3
    field = np.clip(smooth_noise(random.randint(2, 6), side) * 0.25 + 0.5, 0, 0.999)
    where = lambda y, x: palette[int(field[int(y), int(x)] * len(palette))]
    tint = lambda c, k: tuple(int(v) for v in np.clip(255 * (c + k * np.random.randn(3)), 0, 255))
    image = Image.new("RGB", (side, side), tint(palette.mean(0), 0.1))
    draw, kind, jitter = ImageDraw.Draw(image), random.choice(["mosaic", "strokes", "marble", "paper"]), random.uniform(0, 0.15)
    if kind == "mosaic":
        n, grout = random.randint(40, 500), random.uniform(0, 3)
        points = np.random.rand(n, 2) * side
        colours = np.array([tint(where(y, x), jitter) for y, x in points], np.uint8)
        grid = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij"), 2).float().view(-1, 2)
        near = torch.cdist(grid, torch.from_numpy(points).float()).topk(2, largest=False)
        pixels = colours[near.indices[:, 0].numpy()]
        pixels[(near.values[:, 1] - near.values[:, 0]).numpy() < grout] = tint(random.choice(palette), 0)
        return torch.from_numpy(pixels.reshape(side, side, 3)).permute(2, 0, 1).contiguous()
    if kind == "strokes":
        angle, spread = smooth_noise(random.randint(1, 5), side) * random.uniform(0.5, 2), random.uniform(0, 0.5)
        length, width = random.uniform(8, 40), random.uniform(2, 8)
        for _ in range(int(4 * side * side / (length * width))):
            y, x = random.uniform(0, side - 1), random.uniform(0, side - 1)
            line, colour, turn = [(x, y)], tint(where(y, x), jitter), random.gauss(0, spread)
            for _ in range(4):
                a = angle[int(min(max(y, 0), side - 1)), int(min(max(x, 0), side - 1))] + turn
                x, y = x + math.cos(a) * length / 4, y + math.sin(a) * length / 4
                line.append((x, y))
            draw.line(line, colour, int(width * random.uniform(0.6, 1.4)), "curve")
    elif kind == "marble":
        v = sum(smooth_noise(random.randint(2, 8) * 2 ** k, side) * 0.6 ** k for k in range(random.randint(1, 5)))
        v = v * random.uniform(0.5, 3) % len(palette)
        i, f = v.astype(int) % len(palette), (v % 1)[..., None] ** random.choice([1, 8])
        pixels = palette[i] * (1 - f) + palette[(i + 1) % len(palette)] * f
        return torch.from_numpy((pixels * 255).astype(np.uint8)).permute(2, 0, 1).contiguous()
    else:
        outline = tint(palette[random.choice([0, -1])], 0) if random.random() < 0.5 else None
        for _ in range(random.randint(60, 400)):
            y, x, r = random.uniform(0, side - 1), random.uniform(0, side - 1), random.uniform(4, side / 8)
            shape = [(x + random.uniform(-r, r), y + random.uniform(-r, r)) for _ in range(random.randint(3, 5))]
            colour = tint(where(y, x), jitter)
            draw.ellipse((x - r, y - r, x + r, y + r), colour, outline) if random.random() < 0.2 else draw.polygon(shape, colour, outline)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def architecture():
    """The network as solstice reads it (docs/model-format.md), in one line."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models", "compact.json")) as file:
        return json.dumps(json.load(file), separators=(",", ":"))


def save_safetensors(tensors, path, metadata):
    header, blobs, offset = {"__metadata__": metadata}, [], 0
    for name, t in tensors.items():
        data = t.detach().cpu().float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [offset, offset + len(data)]}
        blobs.append(data)
        offset += len(data)
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(head)) + head + b"".join(blobs))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--content", required=True), p.add_argument("--style", required=True)
    p.add_argument("--vgg", required=True), p.add_argument("--out", required=True)
    p.add_argument("--minutes", type=float, default=60)
    p.add_argument("--batch", type=int, default=4), p.add_argument("--size", type=int, default=256)
    p.add_argument("--lr", type=float, default=1e-3), p.add_argument("--style-weight", type=float, default=4)
    p.add_argument("--content-weight", type=float, default=1), p.add_argument("--texture-weight", type=float, default=1)
    p.add_argument("--tv-weight", type=float, default=0.1)
    p.add_argument("--resume", help="a state dict (.pt) to go on from"), p.add_argument("--seed", type=int, default=1)
    p.add_argument("--procedural", type=int, default=0, help="made styles added to the paintings")
    p.add_argument("--bfloat16", action="store_true", help="loss network in bfloat16, where the processor multiplies it")
    a = p.parse_args()
    torch.manual_seed(a.seed), random.seed(a.seed), np.random.seed(a.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    photos, paintings = load_images(a.content, a.size), load_images(a.style, a.size)
    paintings += [procedural_style(a.size * 5 // 4) for _ in range(a.procedural)]
    vgg, net = LossNetwork(a.vgg).to(device).eval(), Compact().to(device)
    if a.resume:
        net.load_state_dict(torch.load(a.resume, map_location=device), strict=False)
    opt = torch.optim.Adam(net.parameters(), lr=a.lr)

    def taps_of(x):
        with torch.autocast(device, dtype=torch.bfloat16, enabled=a.bfloat16):
            return vgg(x)

    start, step, mean = time.time(), 0, None
    while (done := (time.time() - start) / (60 * a.minutes)) < 1:
        for g in opt.param_groups:
            g["lr"] = a.lr * min(1, (step + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        c = torch.cat([random_crop(random.choice(photos), a.size, a.size * 3 // 4) for _ in range(a.batch)]).to(device)
        s = torch.cat([recoloured(random_crop(random.choice(paintings), a.size, a.size * 3 // 4)) for _ in range(a.batch)]).to(device)
        out = net(c, s)
        normal = lambda f, m: (f.float() - m[0]) / m[1]
        with torch.no_grad():
            taps = taps_of(s)
            want, want_cov = [fast_moments(f) for f in taps], [covariance(f) for f in taps[1:4]]
            keep = [normal(f, fast_moments(f)) for f in taps_of(c)[2:4]]
        taps = taps_of(out)
        got = [fast_moments(f) for f in taps]
        content = sum(k * F.mse_loss(normal(f, m), w) for k, f, m, w in zip((0.5, 1), taps[2:4], got[2:4], keep))
        style = sum(F.mse_loss(m, w[0]) + F.mse_loss(d, w[1]) for (m, d), w in zip(got, want))
        texture = sum(((covariance(f) - w).square().sum((1, 2)) / w.square().sum((1, 2))).mean() for f, w in zip(taps[1:4], want_cov))
        tv = (out[:, :, 1:] - out[:, :, :-1]).abs().mean() + (out[..., 1:] - out[..., :-1]).abs().mean()
        loss = a.content_weight * content + a.style_weight * style + a.texture_weight * texture + a.tv_weight * tv
        opt.zero_grad(), loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        opt.step()
        now = torch.tensor([content.item(), style.item(), texture.item(), tv.item()])
        mean = now if mean is None else 0.98 * mean + 0.02 * now
        if step % 100 == 0:
            print("step %d  %.0f s  content %.3f  style %.3f  texture %.3f  tv %.3f" % (step, time.time() - start, *mean), flush=True)
            torch.save(net.state_dict(), a.out + ".pt")
        step += 1
    save_safetensors({k.replace("enc.", "encoder.").replace("dec.", "decoder."): v for k, v in net.state_dict().items()},
                     a.out, {"solstice.architecture": architecture(), "licence": "Apache-2.0", "steps": str(step),
                             "content": "%.3f" % mean[0], "style": "%.3f" % mean[1]})


if __name__ == "__main__":
    main()
