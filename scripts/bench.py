#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measure how fast Solstice paints on this machine, with PyTorch beside it where that is installed, and write
the figures as Markdown between the marks in docs/performance.md.

    make bench
    scripts/bench.py [--solstice PROGRAM] [--minutes N] [--page FILE]

Everything is run in turns, in rounds, until --minutes are over; figures are medians over the rounds, and ratios
are medians of each round's own, since a machine that others use is slower in one round than in the next.
"""
import argparse, datetime, json, os, statistics, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MARKS = "<!-- made by `make bench` -->\n", "<!-- end of what `make bench` made -->\n"
MODELS = {"vgg19": 2, "compact": 10}  # and how many frames are painted for one timing
LARGE = "1920x1080"
STEPS = {"vgg19-features": ("512x384", 4)}  # painted by optimisation: the size, and how many steps make one timing
KINDS = {  # the columns, and how bench is asked for them
    "blas, float32": ["--backend", "blas", "--precision", "float32"],
    "oneDNN, float32": ["--backend", "onednn", "--precision", "float32"],
    "auto": [],
}
FLOAT32, ANY, TUNED = "PyTorch, float32", "PyTorch, any", "PyTorch, tuned"  # its fastest ways
RIVALS = {  # which of the ways in scripts/bench-pytorch.py
    FLOAT32: lambda way: way.startswith("float32"),
    ANY: lambda way: not way.startswith("tuned"),
    TUNED: lambda way: way.startswith("tuned"),
}
PYTORCH = os.path.join(ROOT, "scripts", "bench-pytorch.py")
# OpenBLAS is to choose its kernels itself
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}


def run(*command):
    """What the command prints, as JSON; None where it fails."""
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return json.loads(done.stdout) if done.returncode == 0 else None


def bench(program, model, size, frames, arguments):
    figures = run(program, "bench", "--model", model, "--size", size, "--frames", str(frames), "--json", *arguments)
    if figures is None:
        sys.exit(f"{program} bench --model {model} {' '.join(arguments)} fails; try it")
    return figures


def step_round(program, kinds, python):
    """The same of steps of optimisation."""
    figures = {}
    for model, (size, steps) in STEPS.items():
        here = {kind: bench(program, model, size, steps, KINDS[kind]) for kind in kinds}
        if python:
            times = run(python, PYTORCH, "--method", "gatys", "--model", model, size, str(steps))["median_ms"]
            here.update({way: {"median_ms": ms} for way, ms in times.items()})
        figures[model, size] = here
    return figures


def find_torch():
    """A Python that has PyTorch, or None."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", "import torch"], stderr=subprocess.DEVNULL).returncode == 0:
                return python
        except OSError:
            pass
    return None


def one_round(program, kinds, python):
    """{(model, size): {column, or way to run PyTorch: figures}}"""
    figures = {}
    for model, frames in MODELS.items():
        here = {kind: bench(program, model, "512x512", frames, KINDS[kind]) for kind in kinds}
        if python:
            times = run(python, PYTORCH, "--model", model, "512x512", str(frames))["median_ms"]
            here.update({way: {"median_ms": ms} for way, ms in times.items()})
        figures[model, "512x512"] = here
        figures[model, LARGE] = {"auto": bench(program, model, LARGE, 1, [])}
    return {**figures, **step_round(program, kinds, python)}


def median(rounds, number):
    return statistics.median(number(figures) for figures in rounds)


def tables():
    """The models that are compared with PyTorch, and at which size."""
    return [(model, "512x512") for model in MODELS] + [(model, size) for model, (size, _) in STEPS.items()]


def choose_ways(rounds):
    """Adds the columns of PyTorch to all rounds: of its ways to run, the fastest over them all."""
    chosen = {}
    for model, size in tables():
        ways = [way for way in rounds[0][model, size] if way not in KINDS]
        for column, among in RIVALS.items():
            fitting = list(filter(among, ways))
            if not fitting:
                continue
            way = min(fitting, key=lambda way: median(rounds, lambda f: f[model, size][way]["median_ms"]))
            chosen[model, column] = way
            for figures in rounds:
                figures[model, size][column] = figures[model, size][way]
    return chosen


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def speed_table(model, size, rounds, kinds, python):
    """Milliseconds and ratios of one model at one size."""
    rivals = [rival for rival in RIVALS if rival in rounds[0][model, size]]
    columns = list(kinds) + rivals
    here = lambda figures, column: figures[model, size][column]
    gflop = here(rounds[0], "auto")["gflop"]
    times = lambda rival: lambda column: median(
        rounds, lambda f: here(f, rival)["median_ms"] / here(f, column)["median_ms"])
    text = row(f"`{model}`, {size}, {gflop:.1f} GFLOP", *columns) + row("---", *["--:"] * len(columns))
    text += row(f"ms a {here(rounds[0], 'auto').get('timed', 'frame')}", *(f"{median(rounds, lambda f: here(f, c)['median_ms']):.1f}" for c in columns))
    gflops = lambda column: median(rounds, lambda f: 1000 * gflop / here(f, column)["median_ms"])
    text += row("GFLOP/s", *(f"{gflops(c):.0f}" for c in columns))
    text += row("over sgemm's", *(f"{median(rounds, lambda f: here(f, c)['gflops'] / here(f, c)['sgemm_gflops']):.2f}"
                                  if c in kinds else "" for c in columns))
    for rival in rivals:
        text += row(f"times as fast as {rival}", *(f"{times(rival)(c):.2f}" if c in kinds else "" for c in columns))
    return text + "\n"


def size_table(rounds):
    """What a large frame takes beside a small one."""
    text = row("auto", "ms at 512x512", f"ms at {LARGE}", "a megapixel, over that at 512x512", "peak memory")
    text += row("---", *["--:"] * 4)
    for model in MODELS:
        small, large = (lambda f: f[model, "512x512"]["auto"]), (lambda f: f[model, LARGE]["auto"])
        per_pixel = lambda figures: figures["median_ms"] / (figures["width"] * figures["height"])
        text += row(f"`{model}`", f"{median(rounds, lambda f: small(f)['median_ms']):.1f}",
                    f"{median(rounds, lambda f: large(f)['median_ms']):.1f}",
                    f"{median(rounds, lambda f: per_pixel(large(f)) / per_pixel(small(f))):.2f}",
                    f"{median(rounds, lambda f: large(f)['peak_memory']) / 1e6:.0f} MB")
    return text + "\n"


def page(rounds, kinds, python, ways):
    any_run = rounds[0]["vgg19", "512x512"]["auto"]
    sgemm = median(rounds, lambda f: f["vgg19", "512x512"]["auto"]["sgemm_gflops"])
    text = (f"`make bench` on {datetime.date.today()}: {any_run['processor']}, {any_run['threads']} threads, OpenBLAS "
            f"with its {any_run['blas_core']} kernels, whose sgemm of 2048x2048x2048 reached {sgemm:.0f} GFLOP/s; "
            f"medians of {len(rounds)} round{'s' * (len(rounds) > 1)}.\n\n")
    text += "".join(speed_table(*table, rounds, kinds, python) for table in tables()) + size_table(rounds)
    if python:
        said = {model: ", ".join(dict.fromkeys(ways[model, column] for column in RIVALS if (model, column) in ways))
                for model, _ in tables()}
        text += "PyTorch's fastest ways (scripts/bench-pytorch.py) were " + "; ".join(
            f"for `{model}` {way}" for model, way in said.items()) + (
            ". Tuned: with reflected borders put together from slices instead of PyTorch's own. A step is one of painting "
            "by optimisation: the network forward and back, with the loss.\n")
    else:
        text += "PyTorch is not installed here, and left out.\n"
    return text


def write_page(path, text):
    with open(path) as file:
        old = file.read()
    if old.count(MARKS[0]) != 1 or old.count(MARKS[1]) != 1:
        sys.exit(f"{path}: has no lines {MARKS[0].strip()} and {MARKS[1].strip()} to write between")
    before, after = old.split(MARKS[0])[0], old.split(MARKS[1])[1]
    with open(path, "w") as file:
        file.write(before + MARKS[0] + text + MARKS[1] + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--solstice", default=os.path.join(ROOT, "build", "solstice"), metavar="PROGRAM")
    parser.add_argument("--minutes", type=float, default=5, help="begin no round that would end later (5)")
    parser.add_argument("--page", default=os.path.join(ROOT, "docs", "performance.md"), metavar="FILE")
    wishes = parser.parse_args()
    start, rounds = time.monotonic(), []
    kinds = [kind for kind in KINDS if kind != "oneDNN, float32" or
             run(wishes.solstice, "bench", "--size", "8x8", "--frames", "1", "--json", *KINDS[kind])]
    python = find_torch()
    if not python:
        print("no python3 here can import torch: PyTorch is left out")
    while True:
        begin = time.monotonic()
        rounds.append(one_round(wishes.solstice, kinds, python))
        print(f"round {len(rounds)}: {time.monotonic() - begin:.0f} s", flush=True)
        if 2 * time.monotonic() - begin - start > 60 * wishes.minutes:
            break
    text = page(rounds, kinds, python, choose_ways(rounds) if python else {})
    write_page(wishes.page, text)
    print("\n" + text)


if __name__ == "__main__":
    main()
