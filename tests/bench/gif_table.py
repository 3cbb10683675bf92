#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of tests/bench/gif.sh, as Markdown, of the figures in its folders.

  tests/bench/gif_table.py FOLDER ...              the table
  tests/bench/gif_table.py --rival FOLDER NAME     which rival the options called NAME are compared with
  tests/bench/gif_table.py --quickest FOLDER NAME  which rival of two passes took least processor time

A GIF is compared with the rival that is best, by blurred PSNR, of those that are no larger; where none is as small,
with the smallest of all. Bytes are compared with the smallest rival that has at least its blurred PSNR; where none
has, with the rival that comes nearest, and then the ratio has a "<" before it.
"""
import argparse
import math
import os
import statistics

COLUMNS = ("bytes", "images", "psnr", "blurred", "ssim", "flicker", "still", "cpu", "wall", "peak")
STILL = 0.005  # the least share of still pixels of which flicker is told
CALM = 0.0005  # flicker that is none


def read(path):
    """{name: {column: figure}}"""
    with open(path) as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return {row[0]: dict(zip(COLUMNS, map(float, row[1:]))) for row in rows}


def find_rival(own, rivals):
    smaller = [name for name in rivals if rivals[name]["bytes"] <= own["bytes"]]
    if not smaller:
        return min(rivals, key=lambda name: rivals[name]["bytes"])
    return max(smaller, key=lambda name: rivals[name]["blurred"])


def find_equal(own, rivals):
    """The rival for the bytes, and whether it really is as good."""
    as_good = [name for name in rivals if rivals[name]["blurred"] >= own["blurred"]]
    if as_good:
        return min(as_good, key=lambda name: rivals[name]["bytes"]), True
    return max(rivals, key=lambda name: rivals[name]["blurred"]), False


def find_quickest(rivals):
    return min((name for name in rivals if not name.startswith("single") and name.count("-") == 2),
               key=lambda name: rivals[name]["cpu"])


def read_times(folder):
    """{(name, which): [(CPU s, elapsed s) of each round]}"""
    times = {}
    with open(os.path.join(folder, "times.tsv")) as lines:
        for line in lines:
            name, which, _, cpu, wall, _ = line.split("\t")
            times.setdefault((name, which), []).append((float(cpu), float(wall)))
    return times


def time_ratio(times, name, which, kind):
    """Ours over the other's; 0: CPU, 1: elapsed. The median of the rounds' own ratios."""
    rounds = zip(times[name, "ours"], times[name, which])
    return statistics.median(ours[kind] / max(theirs[kind], 0.001) for ours, theirs in rounds)


def flicker_ratio(own, other):
    """None where there is nothing to tell: nothing was still, or neither flickers."""
    if own["still"] < STILL or (own["flicker"] < CALM and other["flicker"] < CALM):
        return None
    return own["flicker"] / other["flicker"] if other["flicker"] >= CALM else math.inf


def compare(folder, name, own, rivals, times):
    rival_name, (equal_name, reached) = find_rival(own, rivals), find_equal(own, rivals)
    rival, equal = rivals[rival_name], rivals[equal_name]
    return {
        "clip": os.path.basename(folder), "name": name, "own": own, "rival": rival_name, "other": rival,
        "smaller": rival["bytes"] <= own["bytes"], "equal": equal_name, "reached": reached,
        "blurred": own["blurred"] - rival["blurred"], "psnr": own["psnr"] - rival["psnr"],
        "ssim": own["ssim"] - rival["ssim"], "bytes": own["bytes"] / equal["bytes"],
        "flicker": flicker_ratio(own, rival), "still": own["still"],
        "cpu": time_ratio(times, name, "rival", 0), "wall": time_ratio(times, name, "rival", 1),
        "quickest": time_ratio(times, name, "quickest", 0), "quickest_wall": time_ratio(times, name, "quickest", 1),
    }


# what is told of all clips: its name, how it is written, whether more is better, what must be reached, and the aim
FIGURES = {
    "blurred": ("blurred PSNR over the best rival that is no larger, dB", "{:+.2f}", True, 1.0, 2.0),
    "ssim": ("SSIM over that rival", "{:+.4f}", True, 0, 0),
    "bytes": ("bytes against the best rival of equal blurred PSNR", "{:.2f}", False, 0.8, 0.65),
    "flicker": ("flicker against the rival that is no larger", "{:.2f}", False, 0.7, 0.5),
    "cpu": ("processor time against that rival's ffmpeg", "{:.2f}", False, 1.0, 0.5),
    "wall": ("elapsed time against that rival's ffmpeg", "{:.2f}", False, 1.0, 0.5),
    "quickest": ("processor time against the quickest two passes", "{:.2f}", False, 1.0, 0.5),
    "quickest_wall": ("elapsed time against the quickest two passes", "{:.2f}", False, 1.0, 0.5),
}


def print_clips(rows):
    print("| clip, width, rate | ours | bytes | blurred PSNR: dB | SSIM | best rival no larger | its bytes |"
          " blurred PSNR over it | PSNR | SSIM | flicker, ours : its | still | bytes over those of as good a rival |"
          " CPU time, over it : over the quickest two passes |")
    print("| --- | --- | --: | --: | --: | --- | --: | --: | --: | --: | --: | --: | --- | --: |")
    for row in rows:
        own, other = row["own"], row["other"]
        print(f"| {row['clip']} | {row['name']} | {own['bytes']:.0f} | {own['blurred']:.2f} | {own['ssim']:.4f} |"
              f" {row['rival']}{'' if row['smaller'] else ' (larger)'} | {other['bytes']:.0f} | {row['blurred']:+.2f} |"
              f" {row['psnr']:+.2f} | {row['ssim']:+.4f} | {own['flicker']:.3f} : {other['flicker']:.3f} |"
              f" {100 * row['still']:.0f}% | {'' if row['reached'] else '< '}{row['bytes']:.2f} ({row['equal']}) |"
              f" {row['cpu']:.2f} : {row['quickest']:.2f} |")


def print_summary(rows):
    names = list(dict.fromkeys(row["name"] for row in rows))
    print("\n| over all clips | " + " | ".join(f"{name}: median | worst" for name in names) + " | at least | aim |")
    print("| --- |" + " --: | --: |" * len(names) + " --: | --: |")
    for key, (label, form, more, least, aim) in FIGURES.items():
        cells = []
        for name in names:
            values = [row[key] for row in rows if row["name"] == name and row[key] is not None]
            worst = min if more else max
            cells += [form.format(statistics.median(values)), form.format(worst(values))] if values else ["", ""]
        print(f"| {label} | {' | '.join(cells)} | {form.format(least)} | {form.format(aim)} |")


def processor():
    try:
        with open("/proc/cpuinfo") as lines:
            facts = dict(line.split(":", 1) for line in lines if ":" in line)
    except OSError:
        return "unknown processor"
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    return f"{facts.get('model name', 'unknown processor')} (family {facts.get('cpu family')}, model {facts.get('model')})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rival", action="store_true")
    parser.add_argument("--quickest", action="store_true")
    parser.add_argument("folders", nargs="+")
    wishes = parser.parse_args()
    if wishes.rival or wishes.quickest:
        folder, name = wishes.folders
        rivals = read(os.path.join(folder, "rivals.tsv"))
        own = read(os.path.join(folder, "ours.tsv"))[name]
        print(find_quickest(rivals) if wishes.quickest else find_rival(own, rivals))
        return
    rows = []
    for folder in wishes.folders:
        rivals, times = read(os.path.join(folder, "rivals.tsv")), read_times(folder)
        for name, own in read(os.path.join(folder, "ours.tsv")).items():
            rows.append(compare(folder, name, own, rivals, times))
    print(f"{os.cpu_count()} cores of {processor()}\n")
    print_clips(rows)
    print_summary(rows)


if __name__ == "__main__":
    main()
