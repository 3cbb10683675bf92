#!/bin/sh
# What building (and testing) Solstice needs: looks for it, and installs what is missing.
#
#   scripts/deps.sh [--check] build [test]
#
# With --check nothing is installed: what is missing is named, and the exit status is 1. Installing
# is done by apt-get, as root or through sudo; on other systems the package names are printed.
#
# oneDNN is installed with the rest where it can be had, on x86-64, unless ONEDNN=no is set, and so is OpenCV's
# cascade for faces, which one test looks for; nothing stops without them.
set -eu

check=
if [ "${1:-}" = --check ]; then check=1; shift; fi
[ $# -gt 0 ] || set -- build

missing=''
optional=''
lacks() { missing="$missing $1"; }

have_command() { command -v "$1" >/dev/null 2>&1; }
have_module() { have_command pkg-config && pkg-config --exists "$1"; }
# CC may have words behind the command: "ccache gcc".
have_header() { echo "#include <$1>" | ${CC:-cc} -E -x c - >/dev/null 2>&1; }

# One line a thing: what it is for us, how it is found, and its packages elsewhere.
for part in "$@"; do
  case $part in
    build)
      have_command make || lacks make
      have_header stdio.h || lacks compiler
      have_command pkg-config || lacks pkg-config
      for module in libavformat libavcodec libavfilter libavutil libswscale; do
        have_module $module || lacks $module
      done
      have_module openblas || lacks openblas
      have_module yaml-0.1 || lacks libyaml
      have_module expat || lacks expat
      have_module jansson || lacks jansson
      have_module libzip || lacks libzip
      have_header gif_lib.h || lacks giflib
      case ${ONEDNN:-yes}:$(uname -m) in
        yes:x86_64 | yes:amd64) have_header oneapi/dnnl/dnnl.h || optional="$optional onednn" ;;
      esac
      ;;
    test)
      have_module cmocka || lacks cmocka
      have_command ffmpeg && have_command ffprobe || lacks ffmpeg
      ls /usr/share/opencv*/haarcascades/haarcascade_frontalface_default.xml >/dev/null 2>&1 ||
        optional="$optional opencv-data"
      ;;
    *) echo "deps.sh: unknown part \"$part\"; there are build and test" >&2; exit 2 ;;
  esac
done
[ -n "$missing$optional" ] || exit 0

# packages MANAGER THING ...: what the packages of these things are called there.
packages() {
  manager=$1
  shift
  for thing in "$@"; do
    case $manager:$thing in
      apt:compiler) echo gcc libc6-dev ;;
      apt:libav*|apt:libswscale) echo "$thing-dev" ;;
      apt:openblas) echo libopenblas-dev ;;
      apt:libyaml) echo libyaml-dev ;;
      apt:expat) echo libexpat1-dev ;;
      apt:jansson) echo libjansson-dev ;;
      apt:libzip) echo libzip-dev ;;
      apt:giflib) echo libgif-dev ;;
      apt:cmocka) echo libcmocka-dev ;;
      apt:onednn) echo libdnnl-dev ;;
      dnf:compiler) echo gcc ;;
      dnf:pkg-config) echo pkgconf-pkg-config ;;
      dnf:libav*|dnf:libswscale|dnf:ffmpeg) echo ffmpeg ffmpeg-devel ;;
      dnf:openblas|dnf:libyaml|dnf:expat|dnf:jansson|dnf:libzip|dnf:giflib) echo "$thing-devel" ;;
      dnf:cmocka) echo libcmocka-devel ;;
      dnf:onednn) echo onednn-devel ;;
      pacman:compiler) echo gcc ;;
      pacman:pkg-config|brew:pkg-config) echo pkgconf ;;
      pacman:libav*|pacman:libswscale|brew:libav*|brew:libswscale) echo ffmpeg ;;
      dnf:opencv-data|pacman:opencv-data|brew:opencv-data) echo opencv ;;
      brew:compiler) ;; # comes with the command line tools: xcode-select --install
      *) echo "$thing" ;;
    esac
  done | tr ' ' '\n' | sort -u | tr '\n' ' '
}

if [ -n "$check" ]; then
  [ -n "$missing" ] || exit 0
  echo "missing:$missing (run \"make deps\" to install it)" >&2
  exit 1
fi

sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
apt_install() {
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# apt_has PACKAGE: whether the lists of packages have it; a fresh system has no lists yet.
apt_has() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }

if [ -n "$missing" ] && have_command apt-get; then
  # shellcheck disable=SC2086
  names=$(packages apt $missing)
  echo "Solstice needs what is not installed yet:$missing"
  echo "installing: $names"
  if [ -n "$sudo" ] && ! have_command sudo; then
    echo "deps.sh: not root, and there is no sudo; as root, run: apt-get install $names" >&2
    exit 1
  fi
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  apt_install $names
  "$0" --check "$@"
elif [ -n "$missing" ]; then
  echo "Solstice needs what is not installed yet:$missing" >&2
  echo "install it with one of these, then run make again:" >&2
  # shellcheck disable=SC2086
  for manager in "dnf install" "pacman -S" "brew install"; do
    echo "  $manager $(packages "${manager%% *}" $missing $optional)" >&2
  done
  exit 1
fi

# Nobody is asked for a password for what can be done without.
if [ -n "$optional" ] && have_command apt-get && { [ -z "$sudo" ] || sudo -n true 2>/dev/null; }; then
  find /var/lib/apt/lists -name '*_Packages*' | grep -q . || $sudo apt-get update -qq || true
  for name in $(packages apt $optional); do
    apt_has "$name" || continue
    echo "installing: $name$([ "$name" = libdnnl-dev ] && echo ' (ONEDNN=no does without)' || true)"
    apt_install "$name" || echo "deps.sh: $name cannot be installed; going on without it" >&2
  done
fi
exit 0
