#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills renders at random moments (SIGKILL), has them go on, and compares what they make with an undisturbed one.

  tests/kills.py [--kills 200] [--seed N] [--steady LEVEL] [--solstice build/solstice]

A render is begun and killed again and again with the same command, until it is complete; then the next one begins in
an empty folder, until so many kills have been dealt out. Of every complete one the decoded frames of film and GIF, the
stills and the packets' times must be those of the undisturbed render, and no other file may be left. Prints one line;
the exit status is 0 where all of that is so. Takes ffmpeg and ffprobe, and some minutes.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLE = os.path.join(ROOT, "configs", "sample")
OUTPUTS = ["film/seasons.mp4", "gif/seasons.gif", "stills/%03d.png"]

SCHEDULE = f"""version: 1
input: {SAMPLE}/clip.mp4
model: {ROOT}/models/compact.safetensors
size: 96
transition: 6
segments:
  - {{name: spring, frames: 0-59, style: {SAMPLE}/styles/spring.jpg}}
  - {{name: summer, frames: 60-119, style: {SAMPLE}/styles/summer.jpg}}
  - {{name: plain, frames: 120-149, style: none}}
  - {{name: winter, frames: 150-239, style: {SAMPLE}/styles/winter.jpg, color: content}}
outputs:
  - path: {OUTPUTS[0]}
  - {{path: {OUTPUTS[1]}, width: 96, fps: 15}}
  - path: {OUTPUTS[2]}
"""


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def start(solstice, folder):
    """The render, in `folder`, where its outputs will be."""
    command = [solstice, "render", os.path.join(folder, "..", "seasons.yaml"), "--threads", "2", "--quiet"]
    for output in OUTPUTS:
        command += ["-o", output]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def outcome(folder):
    """All that was made: decoded frames with their times, packets' times, stills, and the names of all files."""
    made = {}
    for output in OUTPUTS[:2]:
        path = os.path.join(folder, output)
        made[output] = (run("ffmpeg", "-v", "error", "-i", path, "-vsync", "passthrough", "-f", "framemd5", "-").stdout +
                        run("ffprobe", "-v", "error", "-show_entries", "packet=pts,dts,duration,flags", "-of", "csv",
                            path).stdout)
    names = sorted(os.path.join(where, name)[len(folder):] for where, _, files in os.walk(folder) for name in files)
    for name in names:
        if name.endswith(".png"):
            with open(folder + name, "rb") as file:
                made[name] = file.read()
    made["files"] = "\n".join(names)
    return made


def difference(made, expected):
    """Which part of the outcome is another than it should be; None where all is right."""
    return next((key for key in sorted(set(made) | set(expected)) if made.get(key) != expected.get(key)), None)


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return run("uname", "-m").stdout.strip()


def kill_renders(solstice, base, kills, chance):
    """Deals out the kills; how many renders were completed among them, or a text that says what is wrong."""
    reference, folder = os.path.join(base, "reference"), os.path.join(base, "killed")
    os.mkdir(reference)
    begin = time.monotonic()
    process = start(solstice, reference)
    said = process.communicate()[0]
    if process.returncode != 0:
        return f"the undisturbed render fails: {said}"
    whole = time.monotonic() - begin
    expected = outcome(reference)
    done = completed = 0
    while done < kills or os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
        process = start(solstice, folder)
        # most renders are killed often before they are complete, some late, among the last renames
        delay = chance.uniform(0, whole / 4 if chance.random() < 0.8 else whole)
        try:
            said = process.communicate(timeout=delay if done < kills else None)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            done += 1
            continue
        wrong = f"exit status {process.returncode}: {said}" if process.returncode else difference(outcome(folder), expected)
        if wrong:
            return f"after {done} kills: {wrong}"
        completed += 1
        shutil.rmtree(folder)
    return completed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--solstice", default=os.path.join(ROOT, "build", "solstice"))
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steady", default="off", help="off, light or strong: how steady the film is")
    arguments = parser.parse_args()
    base = tempfile.mkdtemp(prefix="solstice-kills-")
    with open(os.path.join(base, "seasons.yaml"), "w") as file:
        file.write(SCHEDULE + f"steady: {arguments.steady}\n")
    result = kill_renders(os.path.abspath(arguments.solstice), base, arguments.kills, random.Random(arguments.seed))
    if isinstance(result, int):
        shutil.rmtree(base)
        print(f"{arguments.kills} kills, {result} renders completed among them: all frames and times equal, no file "
              f"left (seed {arguments.seed}, {processor()})")
        return 0
    print(f"kills: {result} (seed {arguments.seed}; see {base})", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
