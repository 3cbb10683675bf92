#!/bin/sh
# What building (and testing) Solstice needs: looks for it, and installs what is missing.
#
#   scripts/deps.sh [--check] build [test]
#
# With --check nothing is installed: what is missing is named, and the exit status is 1. Installing
# is done by apt-get, as root or through sudo; on other systems the package names are printed.
set -eu

check=
if [ "${1:-}" = --check ]; then check=1; shift; fi
[ $# -gt 0 ] || set -- build

missing=
lacks() { missing="$missing $1"; }

have_command() { command -v "$1" >/dev/null 2>&1; }
have_module() { have_command pkg-config && pkg-config --exists "$1"; }
have_header() { have_command "${CC:-cc}" && echo "#include <$1>" | "${CC:-cc}" -E -x c - >/dev/null 2>&1; }

# One line a thing: what it is for us, how it is found, and its packages elsewhere.
for part in "$@"; do
  case $part in
    build)
      have_command make || lacks make
      have_command "${CC:-cc}" && have_header stdio.h || lacks compiler
      have_command pkg-config || lacks pkg-config
      for module in libavformat libavcodec libavutil libswscale; do
        have_module $module || lacks $module
      done
      have_module openblas || lacks openblas
      have_module yaml-0.1 || lacks libyaml
      have_module jansson || lacks jansson
      have_header gif_lib.h || lacks giflib
      ;;
    test)
      have_module cmocka || lacks cmocka
      have_command ffmpeg && have_command ffprobe || lacks ffmpeg
      ;;
    *) echo "deps.sh: unknown part \"$part\"; there are build and test" >&2; exit 2 ;;
  esac
done
[ -n "$missing" ] || exit 0

# packages MANAGER: the names of what is missing.
packages() {
  for thing in $missing; do
    case $1:$thing in
      apt:compiler) echo gcc libc6-dev ;;
      apt:libav*|apt:libswscale) echo "$thing-dev" ;;
      apt:openblas) echo libopenblas-dev ;;
      apt:libyaml) echo libyaml-dev ;;
      apt:jansson) echo libjansson-dev ;;
      apt:giflib) echo libgif-dev ;;
      apt:cmocka) echo libcmocka-dev ;;
      dnf:compiler) echo gcc ;;
      dnf:pkg-config) echo pkgconf-pkg-config ;;
      dnf:libav*|dnf:libswscale|dnf:ffmpeg) echo ffmpeg ffmpeg-devel ;;
      dnf:openblas|dnf:libyaml|dnf:jansson|dnf:giflib) echo "$thing-devel" ;;
      dnf:cmocka) echo libcmocka-devel ;;
      pacman:compiler) echo gcc ;;
      pacman:pkg-config|brew:pkg-config) echo pkgconf ;;
      pacman:libav*|pacman:libswscale|brew:libav*|brew:libswscale) echo ffmpeg ;;
      brew:compiler) ;; # comes with the command line tools: xcode-select --install
      *) echo "$thing" ;;
    esac
  done | tr ' ' '\n' | sort -u | tr '\n' ' '
}

if [ -n "$check" ]; then
  echo "missing:$missing (run \"make deps\" to install it)" >&2
  exit 1
fi

if have_command apt-get; then
  names=$(packages apt)
  echo "Solstice needs what is not installed yet:$missing"
  echo "installing: $names"
  sudo=
  if [ "$(id -u)" != 0 ]; then
    have_command sudo || { echo "deps.sh: not root, and there is no sudo; as root, run: apt-get install $names" >&2; exit 1; }
    sudo=sudo
  fi
  $sudo apt-get update -qq
  # shellcheck disable=SC2086
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $names >/dev/null
  exec "$0" --check "$@"
fi

echo "Solstice needs what is not installed yet:$missing" >&2
echo "install it with one of these, then run make again:" >&2
echo "  dnf install $(packages dnf)" >&2
echo "  pacman -S $(packages pacman)" >&2
echo "  brew install $(packages brew)" >&2
exit 1
