#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of scripts/bench-steady.sh: what films steadied are beside the unsteadied one, as Markdown between the
marks in docs/performance.md. FOLDER holds CLIP.MODEL.SEGMENT.json, as `solstice measure` writes them, and times."""
import argparse, datetime, glob, json, os, statistics

MARKS = "<!-- made by `make bench-steady` -->\n", "<!-- end of what `make bench-steady` made -->\n"
# quantity, level, goal, and whether it is a difference; goals are for the median over all films
COLUMNS = [
    ("warping_error", "light", 0.6), ("warping_error", "strong", 0.4), ("flicker", "strong", 0.3),
    ("style_distance", "strong", 1.05), ("ssim", "strong", -0.01), ("ghosting", "strong", 1.1), ("time", "strong", 1.6),
]
NAMES = {"warping_error": "warping error", "style_distance": "style distance", "ssim": "SSIM, difference"}


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return "unknown processor"


def read_times(folder):
    """{(clip, model, level): seconds of processor time}"""
    times = {}
    with open(os.path.join(folder, "times")) as file:
        for line in file:
            clip, model, level, user, system = line.split()
            times[clip, model, level] = float(user) + float(system)
    return times


def mean(numbers, weights=None):
    known = [(number, weight) for number, weight in zip(numbers, weights or [1] * len(numbers)) if number is not None]
    total = sum(weight for _, weight in known)
    return sum(number * weight for number, weight in known) / total if total > 0 else None


def film_mean(segments, level, quantity):
    """Over segments; ghosting by what each has of what it is found from."""
    films = [next(film for film in segment["films"] if film["path"].endswith(f".{level}.mkv")) for segment in segments]
    weights = [segment["ghosting_weight"] for segment in segments] if quantity == "ghosting" else None
    return mean([film["means"].get(quantity) for film in films], weights)


def compare(segments, times, film, quantity, level):
    """A steadied film beside the unsteadied one; None where that cannot be told."""
    if quantity == "time":
        return times[(*film, level)] / times[(*film, "off")]
    of, to = (film_mean(segments, l, quantity) for l in (level, "off"))
    if of is None or to is None:
        return None
    if quantity == "ssim":
        return of - to
    return of / to if to > 0 else None


def show(quantity, number):
    return "-" if number is None else f"{number:+.3f}" if quantity == "ssim" else f"{number:.2f}"


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def table(rows, columns):
    text = row("film, model", *(f"{NAMES.get(quantity, quantity)}, {level}" for quantity, level, _ in columns),
               "warping error off, source", "still")
    text += row("---", *["--:"] * (len(columns) + 2))
    for film, numbers, floor, still in rows:
        text += row(", ".join(film), *(show(c[0], n) for c, n in zip(columns, numbers)), floor, f"{100 * still:.0f} %")
    medians = [statistics.median(known) if known else None
               for known in ([n for n in numbers if n is not None] for numbers in zip(*(r[1] for r in rows)))]
    text += row("**median**", *(f"**{show(c[0], n)}**" for c, n in zip(columns, medians)), "", "")
    goals = (f"≥ {goal}" if quantity == "ssim" else f"≤ {goal}" for quantity, _, goal in columns)
    return text + row("goal", *goals, "", "")


def collect(folder, columns):
    times, rows = read_times(folder), []
    for clip, model in dict.fromkeys(key[:2] for key in times):
        names = sorted(glob.glob(os.path.join(folder, f"{clip}.{model}.[0-9].json")))
        segments = [json.load(open(name)) for name in names]
        if not segments:
            continue
        numbers = [compare(segments, times, (clip, model), quantity, level) for quantity, level, _ in columns]
        source = mean([segment["source"]["means"]["warping_error"] for segment in segments])
        rows.append(((clip, f"`{model}`"), numbers, f"{film_mean(segments, 'off', 'warping_error'):.5f}, {source:.5f}",
                     mean([segment["still"] for segment in segments])))
    return rows


def write_page(path, text):
    with open(path) as file:
        old = file.read()
    if old.count(MARKS[0]) != 1 or old.count(MARKS[1]) != 1:
        raise SystemExit(f"{path}: has no lines {MARKS[0].strip()} and {MARKS[1].strip()} to write between")
    before, after = old.split(MARKS[0])[0], old.split(MARKS[1])[1]
    with open(path, "w") as file:
        file.write(before + MARKS[0] + text + MARKS[1] + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--frames", type=int)
    parser.add_argument("--levels", default="light strong")
    parser.add_argument("--features", default="")
    parser.add_argument("--page", default="-")
    wishes = parser.parse_args()
    columns = [column for column in COLUMNS if column[1] in wishes.levels.split()]
    rows = collect(wishes.folder, columns)
    if not rows:
        raise SystemExit("bench-steady: nothing was measured")
    text = (f"`make bench-steady` on {datetime.date.today()}: {processor()}, {os.cpu_count()} processors; "
            f"{wishes.frames} frames a film, 360 pixels on the shorter side, in four styles; distances by "
            f"`{wishes.features}`. Beside the film with `steady: off`: ratios, of SSIM the difference; time is the "
            "processor's, of the whole render.\n\n")
    text += table(rows, columns)
    if wishes.page != "-":
        write_page(wishes.page, text)
    print("\n" + text)


if __name__ == "__main__":
    main()
