#!/usr/bin/env bash
# Makes the pictures of the README from the sample film: docs/seasons.gif, and docs/sheet.jpg, a frame
# of each season with its source above it. Needs a built program and the ffmpeg command.
#
#   make && scripts/make-pictures.sh
set -euo pipefail
cd "$(dirname "$0")/.."
solstice=build/solstice
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$solstice" render configs/sample/seasons.yaml -o "$work/film.mp4" -o "$work/%d.png" --quiet
"$solstice" gif "$work/film.mp4" -o docs/seasons.gif --width 256 --fps 8 --overwrite --quiet

stills=() sources= paintings= row=0
for frame in 30 90 150 210; do
  stills+=(-i "$work/$frame.png")
  sources+="[0]select=eq(n\\,$frame),scale=360:-2[s$row];"
  paintings+="[$((row + 1))]scale=360:-2[p$row];"
  row=$((row + 1))
done
ffmpeg -v error -y -i configs/sample/clip.mp4 "${stills[@]}" -filter_complex \
  "${sources}${paintings}[s0][s1][s2][s3]hstack=4[a];[p0][p1][p2][p3]hstack=4[b];[a][b]vstack" \
  -frames:v 1 -q:v 3 docs/sheet.jpg
ls -l docs/seasons.gif docs/sheet.jpg
