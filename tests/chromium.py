#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares what Chromium shows of GIFs with what ffmpeg does: the first, a middle and the last frame, as screenshots.

  tests/chromium.py [--solstice build/solstice] [--chromium PROGRAM] [GIF ...]

Without GIFs it makes some of its own: the sample clip and ffmpeg's test pictures at several sizes. A page draws the
frames, as the browser's ImageDecoder gives them, below each other at their own size. Every pixel must be the same.
Prints a line for each GIF; the exit status is 0 where none differs. Takes ffmpeg, ffprobe and Chromium (on Debian:
apt-get install --no-install-recommends chromium).
"""
import argparse
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLIP = os.path.join(ROOT, "configs", "sample", "clip.mp4")
OWN = {  # name: ffmpeg's input, frames a second, width, options of `solstice gif`
    "sample-400": (["-i", CLIP], 15, 400, []),
    "sample-131": (["-i", CLIP], 25, 131, []),
    "sample-33-twice": (["-i", CLIP], 10, 33, ["--loop", "2"]),
    "bars-319": (["-f", "lavfi", "-i", "testsrc=s=640x360:r=25"], 25, 319, []),
    "pictures-240": (["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25"], 25, 240, []),
    "still-64": (["-f", "lavfi", "-i", "color=c=orange:s=64x48:r=10"], 10, 64, []),
}
PATIENCE = 120  # seconds for a screenshot
# The browser takes its picture when no request is open any more: /wait is answered when the page asks for /drawn.
PAGE = b"""<!doctype html><meta charset="utf-8"><style>body { margin: 0 } canvas { display: block }</style><body></body><script>
fetch("/wait");
(async () => {
  const data = await (await fetch("/gif")).arrayBuffer();
  const decoder = new ImageDecoder({data, type: "image/gif"});
  await decoder.completed;
  for (const frameIndex of await (await fetch("/frames")).json()) {
    const {image} = await decoder.decode({frameIndex});
    const canvas = document.body.appendChild(document.createElement("canvas"));
    canvas.width = image.displayWidth;
    canvas.height = image.displayHeight;
    canvas.getContext("2d").drawImage(image, 0, 0);
  }
  await fetch("/drawn");
})();
</script>
"""


class Pages(http.server.ThreadingHTTPServer):
    """Hands the page and the GIF to a browser on this machine."""

    def __init__(self, gif, frames):
        super().__init__(("127.0.0.1", 0), Page)
        with open(gif, "rb") as file:
            self.pages = {"/": PAGE, "/gif": file.read(), "/frames": json.dumps(frames).encode(), "/wait": b"", "/drawn": b""}
        self.drawn = threading.Event()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.server.pages.get(self.path)
        if self.path == "/wait":
            self.server.drawn.wait(60)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Type", "text/html" if self.path == "/" else "application/octet-stream")
        self.end_headers()
        self.wfile.write(body or b"")
        if self.path == "/drawn":
            self.server.drawn.set()

    def log_message(self, *_):
        pass


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        sys.exit(f"chromium.py: {command[0]} fails: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def make_own(solstice, folder):
    paths = []
    for name, (source, rate, width, options) in OWN.items():
        clip, gif = os.path.join(folder, name + ".nut"), os.path.join(folder, name + ".gif")
        run("ffmpeg", "-v", "error", *source, "-an", "-t", "3", "-vf", f"fps={rate},scale={width}:-1,setsar=1",
            "-pix_fmt", "rgb24", "-c:v", "rawvideo", clip)
        run(solstice, "gif", clip, "-o", gif, "--quiet", *options)
        paths.append(gif)
    return paths


def pixels(path, *arguments):
    """R, G, B of all pictures in the file."""
    return run("ffmpeg", "-v", "error", "-i", path, "-vsync", "0", *arguments, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")


def screenshot(chromium, folder, gif, frames, width, height):
    """The browser's window, with these frames below each other, as R, G, B."""
    picture = os.path.join(folder, "page.png")
    with Pages(gif, frames) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        # Windows have a least width; what is right of the frames is cut off.
        run(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1",
            "--force-color-profile=srgb", "--virtual-time-budget=1000", f"--user-data-dir={folder}/profile",
            f"--window-size={max(width, 500)},{height * len(frames)}", f"--screenshot={picture}",
            f"http://127.0.0.1:{pages.server_port}/", timeout=PATIENCE)
        pages.shutdown()
    return pixels(picture, "-vf", f"crop={width}:{height * len(frames)}:0:0:exact=1")


def compare(chromium, folder, gif):
    """Prints what came of it; whether all is the same."""
    width, height = map(int, run("ffprobe", "-v", "error", "-show_entries", "stream=width,height", "-of", "csv=p=0:s=x",
                                 gif).decode().strip().split("x"))
    shown, size = pixels(gif), 3 * width * height
    count = len(shown) // size
    frames = sorted({0, count // 2, count - 1})
    expected = b"".join(shown[n * size:(n + 1) * size] for n in frames)
    try:
        seen = screenshot(chromium, folder, gif, frames, width, height)
    except subprocess.TimeoutExpired:  # headless browsers hang now and then
        seen = screenshot(chromium, folder, gif, frames, width, height)
    different = sum(expected[i:i + 3] != seen[i:i + 3] for i in range(0, len(expected), 3))
    same = different == 0 and len(seen) == len(expected)
    print(f"{'ok  ' if same else 'FAIL'} {os.path.basename(gif)}: {count} frames of {width}x{height}; of the frames "
          f"{', '.join(map(str, frames))} {different} pixels differ")
    return same


def main():
    parser = argparse.ArgumentParser(description="compares what Chromium shows of GIFs with what ffmpeg does")
    parser.add_argument("--solstice", default=os.path.join(ROOT, "build", "solstice"))
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser") or
                        shutil.which("google-chrome"))
    parser.add_argument("gifs", nargs="*")
    wishes = parser.parse_args()
    if not wishes.chromium:
        sys.exit("chromium.py: takes Chromium (on Debian: apt-get install --no-install-recommends chromium)")
    with tempfile.TemporaryDirectory() as folder:
        gifs = wishes.gifs or make_own(os.path.abspath(wishes.solstice), folder)
        results = [compare(wishes.chromium, folder, gif) for gif in gifs]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
