#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Measures the GIFs of `solstice gif` beside those of ffmpeg's palettegen and paletteuse, plain and through gifsicle.
#
#   tests/bench/gif.sh [OPTION ...]
#
#   --clips "A B"     of: sample campus-spring campus-summer campus-autumn campus-winter bunny-1 bunny-2 bunny-3 cars
#                     gradient screen (all of them)
#   --widths "N .."   in pixels (400)
#   --rates "N .."    frames a second (15)
#   --all             widths 400 and 640, rates 15 and 25: hours
#   --rivals "N ..."  which of ffmpeg's GIFs to compare with, STATS-DITHER-DIFF each (all 24; see below). What was made
#                     of others before is left out
#   --ours NAME=OPTS  measure `solstice gif` with these options, under this name; may be given again (default=)
#   --rounds N        time ours and its rivals N times, in turns (3)
#   --work DIR        where clips and the rivals' figures are kept, so that a second run only measures ours
#                     (out/bench-gif)
#   --keep            keep the rivals' GIFs, too
#   --solstice FILE   the program (build/solstice)
#   --media DIR       where campus.mov, bunny.mp4 and cars.mp4 are (../shared/data/media); missing ones are left out
#   --memory          only compare the peak memory of 1,000 frames of 640x360 with that of 100
#
# Every clip is made once, without loss, at its size and rate; all encoders start from that file. In DIR, each clip has
# a folder CLIP-WIDTH-RATE with clip.nut, frames.rgb (its frames as R, G, B), rivals.tsv and ours.tsv:
#
#   name  bytes  images  PSNR  blurred PSNR  SSIM  flicker  share of still pixels  CPU s  elapsed s  peak KiB
#
# tests/bench/gif_measure.c says what the middle ones are. A rival's name is STATS-DITHER-DIFF[-O3|-lossy40|-lossy80]:
# palettegen's stats_mode (single goes with paletteuse's new=1), paletteuse's dither and diff_mode, and whether it went
# through gifsicle -O3, with --lossy. Its time is that of ffmpeg alone. The table, as Markdown, is printed, and is in
# DIR/table.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

clips="sample campus-spring campus-summer campus-autumn campus-winter bunny-1 bunny-2 bunny-3 cars gradient screen"
widths=400 rates=15 rounds=3 work=out/bench-gif solstice=build/solstice media=../shared/data/media
keep='' memory='' rivals=''
measure=build/tests/bench/gif_measure
ours=()
while [ $# -gt 0 ]; do
  case $1 in
    --clips) clips=$2; shift ;;
    --widths) widths=$2; shift ;;
    --rates) rates=$2; shift ;;
    --all) widths="400 640" rates="15 25" ;;
    --rivals) rivals=$2; shift ;;
    --ours) ours+=("$2"); shift ;;
    --rounds) rounds=$2; shift ;;
    --work) work=$2; shift ;;
    --keep) keep=yes ;;
    --solstice) solstice=$2; shift ;;
    --measure) measure=$2; shift ;;
    --media) media=$2; shift ;;
    --memory) memory=yes ;;
    -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "gif.sh: unknown option $1; --help lists them" >&2; exit 2 ;;
  esac
  shift
done
[ ${#ours[@]} -gt 0 ] || ours=("default=")
if [ -z "$rivals" ]; then
  for stats in full diff single; do
    for dither in none bayer sierra2_4a floyd_steinberg; do
      rivals+="$stats-$dither-none $stats-$dither-rectangle "
    done
  done
fi

# ---- what it takes ----

say() { echo "$*" >&2; }
fail() { say "gif.sh: $*"; exit 1; }
time=
for program in /usr/bin/time gtime; do
  if command -v "$program" >/dev/null && "$program" -f %e true >/dev/null 2>&1; then time=$program; break; fi
done
[ -n "$time" ] || fail "takes GNU time (on Debian: apt-get install time; with Homebrew: brew install gnu-time)"
for program in ffmpeg ffprobe gifsicle python3; do
  command -v $program >/dev/null || fail "takes $program; install it (on Debian: apt-get install ${program/ffprobe/ffmpeg})"
done
for program in "$solstice" "$measure"; do
  [ -x "$program" ] || fail "there is no $program; run \"make bench-gif\", or \"make all $measure\" first"
done
mkdir -p "$work"
scratch=$(mktemp -d "$work/scratch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

av() { ffmpeg -nostdin -v error -y "$@"; }

# timed FILE COMMAND ...: runs it and appends its processor time, elapsed time and peak memory (KiB) to FILE.
timed() {
  local file=$1
  shift
  env -u OPENBLAS_CORETYPE "$time" -a -o "$file" -f '%U %S %e %M' "$@" >&2
}

# The times in FILE added up, and the largest memory of them, separated by tabs.
times_of() { awk '{ cpu += $1 + $2; wall += $3; if ($4 > peak) peak = $4 }
                  END { printf "%.3f\t%.3f\t%d\n", cpu, wall, peak }' "$1"; }

# ---- clips ----

# painted NAME INPUT: a lossless film of INPUT, painted with the sample's styles, 60 frames each.
painted() {
  local film=$work/painted/$1.mkv styles=$PWD/configs/sample/styles
  if [ ! -s "$film" ]; then
    say "painting $1"
    mkdir -p "$work/painted"
    cat >"$scratch/$1.yaml" <<SCHEDULE
version: 1
input: $(realpath "$2")
model: $PWD/models/compact.safetensors
size: $3
transition: $4
segments:
  - {name: spring, frames: 0-59, style: $styles/spring.jpg}
  - {name: summer, frames: 60-119, style: $styles/summer.jpg}
  - {name: autumn, frames: 120-179, style: $styles/autumn.jpg}
  - {name: winter, frames: 180-239, style: $styles/winter.jpg}
outputs:
  - {path: $(realpath "$film"), codec: ffv1}
SCHEDULE
    "$solstice" render "$scratch/$1.yaml" --quiet >&2
  fi
  source=(-i "$film")
}

# find_file NAME: its path in `path`; 1, with a word, where it is absent.
find_file() {
  path=$media/$1
  [ -e "$path" ] || { say "$clip: left out, since there is no $path"; return 1; }
}

# find_source CLIP: ffmpeg's arguments for it in `source`; 1 where the clip is absent.
find_source() {
  local season begin=0
  case $1 in
    sample) painted sample configs/sample/clip.mp4 480 12 ;;
    campus-*)
      find_file campus.mov || return 1
      for season in spring summer autumn winter; do
        [ "$1" != campus-$season ] || break
        begin=$((begin + 2))
      done
      painted campus "$path" 640 0
      source=(-ss "$begin" -t 2 "${source[@]}") ;;
    bunny-1) find_file bunny.mp4 && source=(-ss 4 -t 4 -i "$path") ;;   # a landscape that the camera goes through
    bunny-2) find_file bunny.mp4 && source=(-ss 14.5 -t 4 -i "$path") ;;  # water, a cut, a bird before the sky
    bunny-3) find_file bunny.mp4 && source=(-ss 24 -t 4 -i "$path") ;;  # a title that fades in and out over a still
    cars) find_file cars.mp4 && source=(-ss 4 -t 4 -i "$path") ;;       # a street from a camera that does not move
    gradient) source=(-f lavfi -t 4 -i "gradients=s=1280x720:r=50:n=3:c0=0x103060:c1=0x80b0e0:c2=0xf0d0a0:x0=0:y0=0:\
x1=1279:y1=300:speed=0.005:seed=1,format=gbrp[a];gradients=s=1280x720:r=50:n=3:c0=0x206040:c1=0xf0f0ff:c2=0xd07060:x0=900:y0=0:x1=100:\
y1=719:speed=0.01:seed=2,format=gbrp[b];[a][b]blend=all_mode=average") ;;
    screen) source=(-f lavfi -t 4 -i "testsrc2=s=1280x720:r=50") ;;
    *) fail "there is no clip $1; --help lists them" ;;
  esac
}

# make_clip FOLDER WIDTH RATE: the clip as all encoders read it, and its bare frames.
make_clip() {
  local folder=$1 width=$2 rate=$3
  [ ! -s "$folder/frames.rgb" ] || return 0
  mkdir -p "$folder"
  av "${source[@]}" -an -vf "fps=$rate,scale=$width:-1:flags=lanczos,setsar=1" -pix_fmt rgb24 -c:v rawvideo "$folder/clip.nut"
  av -i "$folder/clip.nut" -f rawvideo "$folder/frames.part"
  mv "$folder/frames.part" "$folder/frames.rgb"
  rm -f "$folder/all-rivals.tsv" "$folder/rivals.tsv"
}

# ---- GIFs ----

# measured FOLDER RATE NAME GIF TIMES: a line of figures. The clip's size is in `size`.
measured() {
  local figures
  figures=$("$measure" "$1/frames.rgb" "$size" "$2" "$4") || return 1
  printf '%s\t%s\t%s\n' "$3" "$(cut -f 2- <<<"$figures")" "$(times_of "$5")"
}

# by_ffmpeg CLIP GIF TIMES STATS DITHER DIFF [PALETTE]: PALETTE is made where it is not there yet; what that took is in
# PALETTE.times, and counts each time.
by_ffmpeg() {
  local use="dither=$5:diff_mode=$6" palette=${7:-$2.palette.png}
  if [ "$4" = single ]; then
    timed "$3" ffmpeg -nostdin -v error -y -i "$1" \
      -filter_complex "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1:$use" "$2"
    return
  fi
  [ -n "${7:-}" ] || rm -f "$palette" "$palette.times"
  [ -s "$palette" ] || timed "$palette.times" ffmpeg -nostdin -v error -y -i "$1" -vf "palettegen=stats_mode=$4" "$palette"
  cat "$palette.times" >>"$3"
  timed "$3" ffmpeg -nostdin -v error -y -i "$1" -i "$palette" -filter_complex "paletteuse=$use" "$2"
}

# through_gifsicle FOLDER RATE NAME SUFFIX OPTION ...: the raw GIF NAME, made smaller, and its line of figures.
through_gifsicle() {
  local folder=$1 rate=$2 name=$3 suffix=$4
  shift 4
  gifsicle --no-warnings -O3 "$@" "$scratch/$name.gif" -o "$scratch/$name-$suffix.gif"
  measured "$folder" "$rate" "$name-$suffix" "$scratch/$name-$suffix.gif" "$scratch/$name.times" >"$scratch/$name-$suffix.tsv"
}

# make_rival FOLDER RATE NAME: the GIF of ffmpeg, and what gifsicle makes of it: four lines on standard output. Those of
# TWIN, where one is named and ffmpeg made the very same file, are taken over.
make_rival() {
  local folder=$1 rate=$2 name=$3 twin=${4:-} parts
  IFS=- read -ra parts <<<"$name"
  by_ffmpeg "$folder/clip.nut" "$scratch/$name.gif" "$scratch/$name.times" "${parts[@]}" "$scratch/palette.${parts[0]}.png"
  if [ -n "$twin" ] && cmp -s "$scratch/$twin.gif" "$scratch/$name.gif"; then
    sed "s/^$twin/$name/" "$scratch/$twin"*.tsv
    return
  fi
  through_gifsicle "$folder" "$rate" "$name" O3 &
  through_gifsicle "$folder" "$rate" "$name" lossy40 --lossy=40 &
  measured "$folder" "$rate" "$name" "$scratch/$name.gif" "$scratch/$name.times" >"$scratch/$name.tsv"
  through_gifsicle "$folder" "$rate" "$name" lossy80 --lossy=80
  wait
  cat "$scratch/$name"*.tsv
}

# Goes on where an earlier run was stopped. All that was ever made is in all-rivals.tsv, what is compared in rivals.tsv.
make_rivals() {
  local folder=$1 rate=$2 name twin
  rm -f "$scratch"/palette.*
  touch "$folder/all-rivals.tsv"
  say "$(basename "$folder"): $(($(wc -w <<<"$rivals") * 4)) rivals"
  for name in $rivals; do
    [ "$(lines_of "$name" "$folder" | wc -l)" -lt 4 ] || continue
    twin=${name%-rectangle}-none
    [ "$twin" != "$name" ] && [ -e "$scratch/$twin.gif" ] || twin=
    [ -n "$twin" ] || rm -f "$scratch"/*-*.{gif,tsv,times}
    make_rival "$folder" "$rate" "$name" "$twin" >"$scratch/lines"
    [ "$(wc -l <"$scratch/lines")" = 4 ] || fail "not all rivals $name could be made and measured"
    cat "$scratch/lines" >>"$folder/all-rivals.tsv"
    if [ -n "$keep" ]; then mkdir -p "$folder/rivals"; cp "$scratch/$name"*.gif "$folder/rivals"; fi
  done
  rm -f "$scratch"/*-*.{gif,tsv,times} "$scratch"/palette.*
  for name in $rivals; do lines_of "$name" "$folder"; done >"$folder/rivals.tsv"
}

# lines_of NAME FOLDER: what is known of ffmpeg's GIF of this name and of what gifsicle made of it.
lines_of() { grep -E "^$1(-O3|-lossy40|-lossy80)?	" "$2/all-rivals.tsv" || true; }

# by_solstice CLIP GIF TIMES OPTION ...
by_solstice() {
  local from=$1 to=$2 times=$3
  shift 3
  timed "$times" "$solstice" gif "$from" -o "$to" --overwrite --quiet "$@"
}

make_ours() {
  local folder=$1 rate=$2 set options
  rm -f "$folder/ours.tsv"
  for set in "${ours[@]}"; do
    read -ra options <<<"${set#*=}"
    rm -f "$scratch/times"
    by_solstice "$folder/clip.nut" "$folder/${set%%=*}.gif" "$scratch/times" "${options[@]}"
    measured "$folder" "$rate" "${set%%=*}" "$folder/${set%%=*}.gif" "$scratch/times" >>"$folder/ours.tsv"
  done
}

# Times each set of options, the rival that it is compared with and the quickest rival of two passes, in turns, into
# times.tsv: set, which of them, round, CPU s, elapsed s. The machine's speed may have changed since the rivals were made.
time_rounds() {
  local folder=$1 set options round rival which
  rm -f "$folder/times.tsv"
  for set in "${ours[@]}"; do
    read -ra options <<<"${set#*=}"
    for round in $(seq "$rounds"); do
      rm -f "$scratch/times"
      by_solstice "$folder/clip.nut" "$scratch/time.gif" "$scratch/times" "${options[@]}"
      printf '%s\tours\t%s\t%s\n' "${set%%=*}" "$round" "$(times_of "$scratch/times")" >>"$folder/times.tsv"
      for which in rival quickest; do
        IFS=- read -ra rival <<<"$(python3 tests/bench/gif_table.py --$which "$folder" "${set%%=*}")"
        rm -f "$scratch/times"
        by_ffmpeg "$folder/clip.nut" "$scratch/time.gif" "$scratch/times" "${rival[0]}" "${rival[1]}" "${rival[2]}"
        printf '%s\t%s\t%s\t%s\n' "${set%%=*}" $which "$round" "$(times_of "$scratch/times")" >>"$folder/times.tsv"
      done
    done
  done
}

# ---- memory ----

compare_memory() {
  local frames set options peaks
  for frames in 100 1000; do
    [ -s "$work/memory-$frames.mkv" ] ||
      av -stream_loop -1 -i configs/sample/clip.mp4 -an -frames:v $frames -vf scale=640:360,setsar=1 \
        -c:v ffv1 -pix_fmt bgr0 "$work/memory-$frames.mkv"
  done
  echo "| options | 100 frames of 640x360: peak, KiB | 1,000 frames | ratio |"
  echo "| --- | --: | --: | --: |"
  for set in "${ours[@]}"; do
    read -ra options <<<"${set#*=}"
    peaks=()
    for frames in 100 1000; do
      rm -f "$scratch/times"
      by_solstice "$work/memory-$frames.mkv" "$scratch/memory.gif" "$scratch/times" "${options[@]}"
      peaks+=("$(times_of "$scratch/times" | cut -f 3)")
    done
    awk -v name="${set%%=*}" -v few="${peaks[0]}" -v many="${peaks[1]}" \
      'BEGIN { printf "| %s | %d | %d | %.3f |\n", name, few, many, many / few }'
  done
}

# ---- all of it ----

if [ -n "$memory" ]; then
  compare_memory
  exit 0
fi
folders=()
for clip in $clips; do
  for width in $widths; do
    for rate in $rates; do
      folder=$work/$clip-$width-$rate
      [ -s "$folder/frames.rgb" ] || find_source "$clip" || continue 3
      make_clip "$folder" "$width" "$rate"
      size=$(ffprobe -v error -show_entries stream=width,height -of csv=p=0:s=x "$folder/clip.nut")
      make_rivals "$folder" "$rate"
      make_ours "$folder" "$rate"
      time_rounds "$folder"
      folders+=("$folder")
    done
  done
done
[ ${#folders[@]} -gt 0 ] || fail "no clip is left"
python3 tests/bench/gif_table.py "${folders[@]}" | tee "$work/table.md"
