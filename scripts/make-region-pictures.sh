#!/usr/bin/env bash
# Makes the pictures of docs/regions.md from the sample clip: docs/regions.jpg, the examples at the end of that page on
# frame 75. Needs a built program and the ffmpeg command.
#
#   make && scripts/make-region-pictures.sh
set -euo pipefail
cd "$(dirname "$0")/.."
solstice=$PWD/build/solstice
sample=$PWD/configs/sample
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# overlay NAME: the region on standard input, on frame 75, as NAME.png
overlay() {
  {
    printf 'version: 1\ninput: %s\nsegments:\n- share: 100%%\n  style: %s\n' "$sample/clip.mp4" "$sample/styles/autumn.jpg"
    sed 's/^/  /'
    printf 'outputs: [{path: film.mp4}]\n'
  } >"$work/film.yaml"
  "$solstice" mask "$work/film.yaml" --frame 75 --overlay -o "$work/$1.png" --quiet
}

# The blocks behind the last heading of the page, one after the other.
count=0
while IFS= read -r line; do
  case $line in
  '```yaml') count=$((count + 1)) ;;
  '```') overlay "$count" <"$work/$count.part" ;;
  *) printf '%s\n' "$line" >>"$work/$count.part" ;;
  esac
done < <(sed '1,/^## The examples of the picture/d' docs/regions.md | sed -n '/^```yaml/,/^```$/p')

ffmpeg -v error -y -i "$work/%d.png" -vf "scale=288:-2,tile=3x2" -frames:v 1 -q:v 7 docs/regions.jpg
ls -l docs/regions.jpg
