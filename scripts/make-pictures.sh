#!/usr/bin/env bash
# Makes the pictures of the README from the sample film: docs/seasons.gif; docs/sheet.jpg, a frame of each season with its
# source above it; docs/steady-film.jpg and docs/steady-slice.jpg. Needs a built program and the ffmpeg command.
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

# Regions, transitions and steadiness: eight frames of one film; and slices through time, unsteadied and steadied.
"$solstice" render configs/sample/steady.yaml -o "$work/steady.mp4" --quiet
frames= row=0
for frame in 5 62 80 90 112 122 150 236; do frames+="+eq(n\\,$frame)"; done
ffmpeg -v error -y -i "$work/steady.mp4" -vf "select=${frames#+},scale=320:-2,tile=4x2" -vsync 0 -frames:v 1 -q:v 4 \
  docs/steady-film.jpg
for level in off strong; do
  "$solstice" render configs/sample/seasons.yaml --size 360 --steady $level --frames 60-179 -o "$work/$level.mkv" --quiet
done
"$solstice" measure configs/sample/clip.mp4 "$work/off.mkv" "$work/strong.mkv" --frames 60-179 --offset 60 \
  --slice "$work/slice.png" --column 120 --quiet >/dev/null
ffmpeg -v error -y -i "$work/slice.png" -vf "scale=960:-2:flags=area" -q:v 5 docs/steady-slice.jpg
ls -l docs/steady-film.jpg docs/steady-slice.jpg
