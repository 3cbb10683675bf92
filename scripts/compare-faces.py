#!/usr/bin/env python3
"""Compares what Solstice's detector finds in pictures with what OpenCV's does, for one cascade or several.

    scripts/compare-faces.py [--cascade FILE]... [--smallest PIXELS] PICTURE...

Needs python3-opencv (Debian), and build/tests/bench/faces (make build/tests/bench/faces). Pictures are handed to both
as PNG files, so that decoders of JPEG files play no part. Two finds are the same where they share more than 0.7 of what
they cover together. SPDX-License-Identifier: Apache-2.0
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

import cv2

ALIKE = 0.7


def overlap(a, b):
    """The part of two boxes' union that is in both."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    return width * height / (a[2] * a[3] + b[2] * b[3] - width * height)


def ours(program, cascade, smallest, names):
    """Finds by name, and the line on the time that they took."""
    found = {name: [] for name in names}
    lines = subprocess.run([program, cascade, str(smallest), *names], check=True, capture_output=True, text=True).stdout
    for line in lines.splitlines():
        if not line.startswith("#"):
            name, *numbers = line.rsplit(" ", 5)
            found[name].append(tuple(int(n) for n in numbers[:4]))
    return found, lines.splitlines()[-1][2:]


def theirs(cascade, smallest, names):
    """The same by OpenCV."""
    classifier = cv2.CascadeClassifier(cascade)
    found, seconds = {}, 0
    for name in names:
        grey = cv2.cvtColor(cv2.imread(name), cv2.COLOR_BGR2GRAY)
        start = time.process_time()
        boxes = classifier.detectMultiScale(grey, 1.1, 3, 0, (smallest, smallest))
        seconds += time.process_time() - start
        found[name] = [tuple(int(n) for n in box) for box in boxes]
    return found, f"{1000 * seconds / len(names):.2f} ms a picture"


def compare(program, cascade, smallest, names, labels):
    """Prints how the two agree."""
    a, our_time = ours(program, cascade, smallest, names)
    b, their_time = theirs(cascade, smallest, names)
    same = equal = alone = missed = whole = with_finds = 0
    for name in names:
        left = list(b[name])
        matched = 0
        for box in a[name]:
            best = max(left, key=lambda other: overlap(box, other), default=None)
            if best and overlap(box, best) > ALIKE:
                left.remove(best)
                matched += 1
                equal += box == best
        same += matched
        alone += len(a[name]) - matched
        missed += len(left)
        with_finds += bool(a[name] or b[name])
        whole += bool(a[name] or b[name]) and matched == len(a[name]) == len(b[name])
        if matched != len(a[name]) or left:
            print(f"  {labels[name]}: here {sorted(a[name])}, OpenCV {sorted(b[name])}")
    print(f"{os.path.basename(cascade)}: {same} finds are in both, {equal} of them equal to the pixel; {alone} only "
          f"here, {missed} only in OpenCV {cv2.__version__}; of {with_finds} pictures with finds {whole} agree wholly; "
          f"here {our_time}, OpenCV {their_time} (processor time)")


def main():
    default = "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/tests/bench/faces")
    parser.add_argument("--cascade", action="append")
    parser.add_argument("--smallest", type=int, default=0)
    parser.add_argument("pictures", nargs="+")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        names, labels = [], {}
        for i, path in enumerate(options.pictures):
            picture = cv2.imread(path)
            if picture is None:
                sys.exit(f"{path} cannot be read")
            names.append(f"{folder}/{i}.png")
            labels[names[-1]] = path
            cv2.imwrite(names[-1], picture)
        for cascade in options.cascade or [default]:
            compare(options.program, cascade, options.smallest, names, labels)


if __name__ == "__main__":
    main()
