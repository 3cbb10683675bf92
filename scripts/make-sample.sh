#!/usr/bin/env bash
# Makes the sample material in configs/sample: a clip to paint and four style
# pictures, one for each season.  Needs a C compiler and the ffmpeg command.
# Running it again makes the same pictures.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cc=${CC:-cc}
build=build
out=configs/sample
# No contraction of multiply and add: every compiler gives the same numbers.
flags=(-std=c11 -O2 -ffp-contract=off -Wall -Wextra -Wconversion -Wshadow -Wvla)

mkdir -p "$build" "$out/styles"
"$cc" "${flags[@]}" -pthread -o "$build/sample" scripts/sample/*.c -lm

paint() {
    "$build/sample" paint "$1" "$build/$1.ppm"
    ffmpeg -v error -y -i "$build/$1.ppm" -bitexact -pix_fmt yuvj444p -q:v 4 \
        -huffman optimal "$out/styles/$1.jpg"
    rm "$build/$1.ppm"
    echo "$out/styles/$1.jpg"
}

(paint spring && paint summer) &
first=$!
paint autumn
paint winter
wait "$first"

"$build/sample" clip |
    ffmpeg -v error -y -f rawvideo -pix_fmt rgb24 -video_size 640x360 -framerate 30 -i - \
        -vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p \
        -c:v libx264 -preset veryslow -crf 26.5 -threads 2 -bitexact \
        -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \
        -movflags +faststart -an "$out/clip.mp4"
echo "$out/clip.mp4"
