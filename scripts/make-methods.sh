#!/usr/bin/env bash
# Makes docs/methods.jpg, one frame of the sample film by every method, and docs/colors.jpg, whose colours it has.
# Needs a built program, the ffmpeg command, and these models (docs/models.md): vgg19-distilled-wct,
# vgg19-distilled-features, la_muse, wave.
#
#   make && scripts/make-methods.sh
#
# docs/methods.jpg, in four columns:
#   adain (compact): spring, summer, autumn, winter
#   wct:             spring, summer, autumn, winter
#   gatys:           spring, summer, autumn, winter
#   the frame, transform la_muse, transform wave, adain autumn with the luminance alone
set -euo pipefail
cd "$(dirname "$0")/.."
solstice=build/solstice
styles=configs/sample/styles
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seasons="spring summer autumn winter"

# tile COLUMNS OUT PICTURE...: in rows of COLUMNS, 360 pixels wide each
tile() {
  local columns=$1 out=$2 inputs=() scaled= layout= n=0
  shift 2
  for picture; do
    inputs+=(-i "$picture")
    scaled+="[$n]scale=360:202[p$n];"
    layout+="${layout:+|}$((n % columns * 360))_$((n / columns * 202))"
    n=$((n + 1))
  done
  ffmpeg -v error -y "${inputs[@]}" -filter_complex \
    "$scaled$(for ((i = 0; i < n; i++)); do printf '[p%d]' "$i"; done)xstack=inputs=$n:layout=$layout" \
    -frames:v 1 -q:v 3 "$out"
}

ffmpeg -v error -y -i configs/sample/clip.mp4 -vf "select=eq(n\,90),scale=854:480" -frames:v 1 "$work/frame.png"
for season in $seasons; do
  "$solstice" stylize "$work/frame.png" --style "$styles/$season.jpg" -o "$work/adain-$season.png"
  "$solstice" stylize "$work/frame.png" --style "$styles/$season.jpg" --model vgg19-distilled-wct \
    -o "$work/wct-$season.png"
  "$solstice" stylize "$work/frame.png" --style "$styles/$season.jpg" --model vgg19-distilled-features \
    -o "$work/gatys-$season.png"
done
for model in la_muse wave; do
  "$solstice" stylize "$work/frame.png" --model "$model" -o "$work/$model.png"
done
for color in content luminance; do
  "$solstice" stylize "$work/frame.png" --style "$styles/autumn.jpg" --color "$color" -o "$work/$color.png"
done
pictures=()
for method in adain wct gatys; do
  for season in $seasons; do
    pictures+=("$work/$method-$season.png")
  done
done
tile 4 docs/methods.jpg "${pictures[@]}" "$work/frame.png" "$work/la_muse.png" "$work/wave.png" "$work/luminance.png"
tile 3 docs/colors.jpg "$work/adain-autumn.png" "$work/content.png" "$work/luminance.png"
ls -l docs/methods.jpg docs/colors.jpg
