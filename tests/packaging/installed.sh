#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is installed is whole: every header compiles with pkg-config's flags alone, and a program builds
# against the library and runs.
#   installed.sh BUILD SOURCE PREFIX PLUGIN_DIR VERSION
set -euo pipefail
build=$1 source=$2 prefix=$3 plugins=$4 version=$5
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root meson install -C "$build" --no-rebuild --quiet >/dev/null

pc=$(find "$root" -name faceperturb.pc)
sed -i "s|^prefix=.*|prefix=$root$prefix|" "$pc"  # the only thing that a DESTDIR moves
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
[[ $(pkg-config --modversion faceperturb) == "$version" ]]
read -ra cflags <<<"$(pkg-config --cflags faceperturb)"
read -ra libs <<<"$(pkg-config --libs faceperturb opencv4)"

headers=$root$prefix/include/faceperturb
(cd "$headers" && find . -name '*.h' | sort | sed 's|^\./\(.*\)|#include <\1>|') >"$root/all.cpp"
cat >>"$root/all.cpp" <<CPP
#if !FACEPERTURB_CHECK_VERSION(0, 1, 0) || FACEPERTURB_CHECK_VERSION(99, 0, 0)
#error "FACEPERTURB_CHECK_VERSION is wrong"
#endif
CPP
grep -q '<version.h>' "$root/all.cpp"
g++ -std=c++20 -fsyntax-only "${cflags[@]}" "$root/all.cpp"

g++ -std=c++20 "${cflags[@]}" "$source/examples/embed/main.cpp" -o "$root/embed" "${libs[@]}"
printf 'P5 64 48 255\n%3072s' '' >"$root/grey.pgm"
LD_LIBRARY_PATH=$(dirname "$(dirname "$pc")") "$root/embed" "$root/grey.pgm" "$root/out.png"
[[ -s $root/out.png ]]

[[ -e $root$plugins/libgstfaceperturb.so ]]
for file in gstreamer-1.0/presets/GstFacePerturb.prs gnome-video-effects/faceperturb-average.effect; do
  [[ -e $root$prefix/share/$file ]]
done
