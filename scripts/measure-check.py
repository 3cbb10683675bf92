#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hold "solstice measure" against the same formulas (docs/measure.md) in NumPy and OpenCV.

    scripts/measure-check.py SOURCE PAINTED [--reference FILM] [--frames A-B] [--offset N] [--solstice PROGRAM]

All films become numbered stills first, so that both programs read the same pixels. By the flows that solstice measured
by, every number must be the same but for rounding; by OpenCV's own flow (DIS, preset medium) the warping error is told
beside ours. Needs ffmpeg, and python3-numpy and python3-opencv (Debian's names).
"""
import argparse, json, os, subprocess, sys, tempfile

try:
    import cv2
    import numpy as np
except ImportError:  # the system's Python may have them
    system = "/usr/bin/python3"
    if os.path.realpath(sys.executable) == os.path.realpath(system) or not os.path.exists(system):
        raise
    os.execv(system, [system, *sys.argv])

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STILL_LEVELS, STILL_MOTION, UNCOVERED_LEVELS, CUT = 2, 0.1, 10, 0.25
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
TOLERANCE = 1e-4  # relative, of what must be the same


def stills(film, folder, size, first, count):
    """Frames first .. first + count - 1 of a film as numbered stills."""
    os.mkdir(folder)
    scale = f",scale={size[0]}:{size[1]}:flags=area" if size else ""
    subprocess.run(["ffmpeg", "-v", "error", "-i", film, "-vf",
                    f"select=between(n\\,{first}\\,{first + count - 1}){scale}", "-vsync", "0", "-pix_fmt", "rgb24",
                    os.path.join(folder, "%05d.png")], check=True)


def read(folder):
    return [cv2.cvtColor(cv2.imread(os.path.join(folder, name)), cv2.COLOR_BGR2RGB).astype(np.float64)
            for name in sorted(os.listdir(folder))]


def read_flows(path):
    """[(back, forth), ..] of a file of Middlebury's .flo one after another."""
    flows, data = [], open(path, "rb").read()
    at = 0
    while at < len(data):
        assert data[at:at + 4] == b"PIEH"
        width, height = np.frombuffer(data, "<i4", 2, at + 4)
        flows.append(np.frombuffer(data, "<f4", width * height * 2, at + 12).reshape(height, width, 2))
        at += 12 + 8 * int(width) * int(height)
    return list(zip(flows[0::2], flows[1::2]))


# ---- the formulas ----

def sample(plane, x, y):
    """Linear interpolation at points within the picture; others are clamped."""
    height, width = plane.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = x - x0, y - y0
    if plane.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    return ((1 - fx) * (1 - fy) * plane[y0, x0] + fx * (1 - fy) * plane[y0, x1] + (1 - fx) * fy * plane[y1, x0] +
            fx * fy * plane[y1, x1])


def follow(back, forth):
    """Where pixels were, whether they can be followed there, and whether they were hidden."""
    height, width = back.shape[:2]
    back, forth = back.astype(np.float64), forth.astype(np.float64)
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    x, y = x + back[..., 0], y + back[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    there = sample(forth, x, y)
    square = lambda v: (v ** 2).sum(-1)
    hidden = square(back + there) > 0.01 * (square(back) + square(there)) + 0.5
    slopes = sum(g ** 2 for c in range(2) for g in np.gradient(back[..., c]))
    boundary = slopes > 0.01 * square(back) + 0.002
    return x, y, inside & ~hidden & ~boundary, inside & hidden


def warping_error(former, present, x, y, followed):
    difference = (present - sample(former, x, y))[followed] / 255
    return (difference ** 2).mean()


def luma(image):
    return image @ np.array([0.299, 0.587, 0.114])


def ssim(a, b):
    kernel = cv2.getGaussianKernel(11, 1.5)
    blur = lambda plane: cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel)[5:-5, 5:-5]
    ma, mb = blur(a), blur(b)
    va, vb, cov = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    return ((2 * cov + C2) * (2 * ma * mb + C1) / ((va + vb + C2) * (ma * ma + mb * mb + C1))).mean()


def gradient(plane):
    dy, dx = np.gradient(plane)
    return np.hypot(dx, dy)


def echo(edges):
    """Of gradients of the present source, the former one and the painting, at what was uncovered in all frames."""
    edges = np.concatenate(edges)
    if not len(edges):
        return None
    edges = edges - edges.mean(0)
    (now, then), *_ = np.linalg.lstsq(edges[:, :2], edges[:, 2], rcond=None)
    return 0 if then <= 0 else 1 if now <= 0 else then / (now + then)


class Twin:
    """The same as solstice measure, of one painting."""

    def __init__(self):
        self.former = None
        self.edges = []

    def next(self, source, painted, reference, flows):
        found = {"ssim": ssim(luma(source), luma(painted))}
        if self.former is not None:
            x, y, followed, hidden = follow(*flows)
            if followed.mean() >= CUT:
                self.pair(found, source, painted, reference, flows[0], x, y, followed, hidden)
        self.former = source, painted, reference
        return found

    def pair(self, found, source, painted, reference, back, x, y, followed, hidden):
        was_source, was_painted, was_reference = self.former
        found["warping_error"] = warping_error(was_painted, painted, x, y, followed)
        found["floor"] = warping_error(was_source, source, x, y, followed)
        still = np.abs(source - was_source).max(-1) <= STILL_LEVELS
        still &= (back.astype(float) ** 2).sum(-1) < STILL_MOTION ** 2
        hidden &= np.abs(source - was_source).max(-1) > UNCOVERED_LEVELS
        found["still"], found["uncovered"] = still.mean(), hidden.mean()
        if still.any():
            found["flicker"] = np.abs(painted - was_painted)[still].mean()
        if reference is not None and hidden.any():
            gone = (was_reference - reference)[hidden]
            found["ghosting"] = 1 + ((painted - reference)[hidden] * gone).sum() / (gone ** 2).sum()
        hidden[[0, -1]] = hidden[:, [0, -1]] = False  # no gradients there
        self.edges.append(np.stack([gradient(luma(image))[hidden] for image in (source, was_source, painted)], 1))


# ---- comparing ----

def dis_errors(source, painted):
    """Warping errors by OpenCV's own flow: of the painting, and of the source."""
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    grey = [cv2.cvtColor(image.astype(np.uint8), cv2.COLOR_RGB2GRAY) for image in source]
    errors = []
    for i in range(1, len(source)):
        x, y, followed, _ = follow(finder.calc(grey[i], grey[i - 1], None), finder.calc(grey[i - 1], grey[i], None))
        errors.append([warping_error(film[i - 1], film[i], x, y, followed) for film in (painted, source)])
    return np.mean(errors, 0)


def compare(ours, twins):
    """Prints the largest relative difference of every number over all frames; whether all are small."""
    fine = True
    for key in ("warping_error", "floor", "flicker", "ssim", "ghosting", "still", "uncovered"):
        worst, count = 0, 0
        for frame, twin in zip(ours["frames"], twins):
            mine = (frame["source"]["warping_error"] if key == "floor" else frame[key] if key in frame
                    else frame["films"][0].get(key))
            if key not in twin and (mine is None or key in ("still", "uncovered")):
                continue
            worst = max(worst, abs(mine - twin[key]) / max(abs(twin[key]), 1e-12) if mine != twin[key] else 0)
            count += 1
        if not count:
            continue
        fine = fine and worst <= TOLERANCE
        print(f"{key:14} {count:4} frames, largest relative difference {worst:.1e}"
              f"{'' if worst <= TOLERANCE else '  TOO LARGE'}")
    return fine


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("painted")
    parser.add_argument("--reference", metavar="FILM", help="another painting, by which ghosting is checked, too")
    parser.add_argument("--frames", default="0-39", metavar="A-B", help="of the source (0-39)")
    parser.add_argument("--offset", type=int, default=0, metavar="N",
                        help="the source's frame that the painting begins at")
    parser.add_argument("--solstice", default=os.path.join(ROOT, "build", "solstice"), metavar="PROGRAM")
    wishes = parser.parse_args()
    first, last = (int(n) for n in wishes.frames.split("-"))
    with tempfile.TemporaryDirectory() as work:
        films = [wishes.painted] + [wishes.reference] * (wishes.reference is not None)
        folders = [os.path.join(work, name) for name in ("source", "painted", "reference")[:1 + len(films)]]
        pictures = []
        for film, folder in zip(films, folders[1:]):
            stills(film, folder, None, first - wishes.offset, last - first + 1)
            pictures.append(read(folder))
        painted, reference = pictures[0], pictures[-1]
        stills(wishes.source, folders[0], painted[0].shape[1::-1], first, len(painted))
        source = read(folders[0])
        flows = os.path.join(work, "flows")
        done = subprocess.run([wishes.solstice, "measure", *folders[:2], "--json", "-", "--flows", flows] +
                              [part for folder in folders[2:] for part in ("--reference", folder)],
                              stdout=subprocess.PIPE)
        if done.returncode:
            sys.exit("solstice measure fails")
        ours, flows = json.loads(done.stdout), read_flows(flows)
    twin = Twin()
    twins = [twin.next(source[i], painted[i], reference[i] if wishes.reference else None, flows[i - 1] if i else None)
             for i in range(len(source))]
    print(f"{len(source)} frames of {ours['width']}x{ours['height']}; by the same flows:")
    fine = compare(ours, twins)
    mine, other = ours["films"][0]["means"]["echo"], echo(twin.edges)
    fine = fine and (mine == other or None not in (mine, other) and abs(mine - other) <= TOLERANCE)
    print(f"{'echo':14} of all frames: {mine} and {other}")
    theirs, floor = dis_errors(source, painted)
    mine, own = ours["films"][0]["means"]["warping_error"], ours["source"]["means"]["warping_error"]
    print(f"warping error by our flow {mine:.6g} (source {own:.6g}), by OpenCV's DIS {theirs:.6g} "
          f"(source {floor:.6g}): {100 * (mine / theirs - 1):+.1f} % (source {100 * (own / floor - 1):+.1f} %)")
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
