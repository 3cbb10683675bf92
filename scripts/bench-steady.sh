#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures how much steadier films are with `steady: light` and `strong`, and what that costs, and writes the table into
# docs/performance.md.
#
#   make bench-steady [BENCH_STEADY="OPTIONS"]
#   scripts/bench-steady.sh [OPTION ...]
#
#   --solstice PROGRAM   build/solstice where it is not given
#   --frames N           of every clip, in four segments of N/4 frames (60)
#   --clips "NAME ..."   some of campus, bunny-1, bunny-2, bunny-3, cars, sample (all)
#   --models "NAME ..."  some of compact, wct (both)
#   --levels "NAME ..."  some of light, strong (both)
#   --page FILE          instead of docs/performance.md; - prints the table alone
#   --keep FOLDER        leave films and numbers there
#
# Each clip is painted at 360 pixels on its shorter side, once a level and once unsteadied, without loss. A segment has
# a style of its own and is measured by itself, so that changes of style are not taken for flicker. Clips, season
# photographs and the published weights are taken from ../shared/data; what is not there is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
unset OPENBLAS_CORETYPE # OpenBLAS is to choose its kernels itself

solstice=build/solstice frames=60 page=docs/performance.md keep=
clips="campus bunny-1 bunny-2 bunny-3 cars sample" models="compact wct" levels="light strong"
while [ $# -gt 0 ]; do
  case $1 in
    --help) sed -n '3,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
    --solstice | --frames | --clips | --models | --levels | --page | --keep)
      [ $# -gt 1 ] || { echo "bench-steady.sh: $1 wants a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2 ;;
    *) echo "bench-steady.sh: unknown option $1; --help lists them" >&2; exit 2 ;;
  esac
done
[ "$frames" -ge 8 ] || { echo "bench-steady.sh: --frames $frames: at least 8" >&2; exit 2; }

data=$PWD/../shared/data
seasons="spring summer autumn winter"
if [ -n "$keep" ]; then
  mkdir -p "$keep"
  work=$(cd "$keep" && pwd)
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

# The published weights become models that are found by name.
features=compact
export SOLSTICE_MODELS=$work/models${SOLSTICE_MODELS:+:$SOLSTICE_MODELS}
mkdir -p "$work/models"
vgg=$data/models/distilled-vgg19
if [ -f "$vgg/encoder5.pth" ]; then
  "$solstice" import "$vgg/encoder5.pth" -o "$work/models/vgg19-distilled-features.safetensors" --overwrite >/dev/null
  "$solstice" import "$vgg"/encoder[1-5].pth "$vgg"/decoder[1-5].pth \
    -o "$work/models/vgg19-distilled-wct.safetensors" --overwrite >/dev/null
  features=vgg19-distilled-features
else
  echo "no distilled VGG-19 in $vgg: wct is left out, and distances are those of the model compact"
  models=$(echo "$models" | sed 's/wct//')
fi

# describe CLIP: sets file, first (its first frame that counts) and styles
describe() {
  styles=$data/images/seasons
  first=0
  case $1 in
    campus) file=$data/media/campus.mov first=60 ;;
    bunny-1) file=$data/media/bunny.mp4 first=96 ;;
    bunny-2) file=$data/media/bunny.mp4 first=300 ;;
    bunny-3) file=$data/media/bunny.mp4 first=560 ;;
    cars) file=$data/media/cars.mp4 first=30 ;;
    sample) file=$PWD/configs/sample/clip.mp4 first=60 styles=$PWD/configs/sample/styles ;;
    *) echo "bench-steady.sh: there is no clip $1" >&2; exit 2 ;;
  esac
}

# segment_first I: the frame at which segment I, of four, begins
segment_first() { echo $((first + $1 * frames / 4)); }

# paint CLIP MODEL LEVEL: a film without loss, and the seconds of processor time that it took
paint() {
  local clip=$1 model=$2 level=$3 out=$work/$1.$2.$3.mkv i=0 name=$2
  [ "$model" = wct ] && name=vgg19-distilled-wct
  {
    printf 'version: 1\ninput: %s\nmodel: %s\nsize: 360\n' "$file" "$name"
    [ "$level" = off ] || printf 'steady: %s\n' "$level"
    printf 'outputs: [{path: %s, codec: ffv1}]\nsegments:\n' "$out"
    for season in $seasons; do
      printf '  - {frames: %d-%d, style: %s/%s.jpg}\n' "$(segment_first $i)" $(($(segment_first $((i + 1))) - 1)) \
        "$styles" "$season"
      i=$((i + 1))
    done
  } >"$work/$clip.$model.$level.yaml"
  local TIMEFORMAT='%U %S'
  { time "$solstice" render "$work/$clip.$model.$level.yaml" --frames "$first-$((first + frames - 1))" --overwrite -q \
      2>"$work/errors"; } 2>"$work/time" || { cat "$work/errors" >&2; exit 1; }
  echo "$clip $model $level $(cat "$work/time")" >>"$work/times"
}

# measure CLIP MODEL: every segment, all levels beside the unsteadied one
measure() {
  local clip=$1 model=$2 films=() level i=0
  for level in $levels; do films+=("$work/$clip.$model.$level.mkv"); done
  for season in $seasons; do
    "$solstice" measure "$file" "${films[@]}" --reference "$work/$clip.$model.off.mkv" --offset "$first" \
      --frames "$(segment_first $i)-$(($(segment_first $((i + 1))) - 1))" --style "$styles/$season.jpg" \
      --model "$features" --every 5 --json "$work/$clip.$model.$i.json" --overwrite -q
    i=$((i + 1))
  done
}

: >"$work/times"
for clip in $clips; do
  describe "$clip"
  if [ ! -f "$file" ] || [ ! -f "$styles/spring.jpg" ]; then
    echo "$clip: left out, since ${file#"$PWD"/} or its styles are not there"
    continue
  fi
  for model in $models; do
    begin=$SECONDS
    for level in off $levels; do paint "$clip" "$model" "$level"; done
    painted=$SECONDS
    measure "$clip" "$model"
    echo "$clip, $model: painted in $((painted - begin)) s, measured in $((SECONDS - painted)) s"
    [ -n "$keep" ] || rm -f "$work/$clip.$model".*.mkv
  done
done
python3 scripts/bench-steady-table.py "$work" --frames "$frames" --levels "$levels" --features "$features" \
  --page "$page"
