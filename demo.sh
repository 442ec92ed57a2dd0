#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what is missing from Debian's packages, builds, protects the faces in a video and leaves
# the result and a before/after picture in demo-output/:
#   ./demo.sh                          a short clip that it renders itself
#   ./demo.sh FILE                     any video or picture that GStreamer can decode
#   ./demo.sh v4l2:///dev/video0       a camera: until Ctrl-C, at most 30 seconds
#   ./demo.sh rtsp://camera/stream     the same
# What follows INPUT goes to faceperturb; see build/examples/faceperturb --help.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$root/build
out=$root/demo-output
input=${1-}
[[ $# -eq 0 ]] || shift

case $input in
  -h | --help)
    sed -n '3,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit
    ;;
  *://*) ;;
  ?*)
    if [[ ! -f $input && ! -p $input ]]; then
      echo "demo.sh: there is no file '$input'" >&2
      exit 1
    fi
    ;;
esac

# shellcheck source=.ci/packages.sh
source "$root/.ci/packages.sh"
install_missing "${build_packages[@]}" "${demo_packages[@]}"

echo "== Building in $build"
[[ -f $build/build.ninja ]] || meson setup "$build" "$root" --buildtype release -Dtests=disabled
ninja -C "$build" gst/libgstfaceperturb.so \
  examples/faceperturb examples/faceperturb-render-clip

# The plugin of this build, and a registry that leaves the user's alone.
export GST_PLUGIN_PATH=$build/gst${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
export GST_REGISTRY=$build/registry.bin
mkdir -p "$out"

options=()
if [[ -z $input ]]; then
  input=$out/rendered.mp4
  echo "== Rendering a clip of people who do not exist"
  "$build/examples/faceperturb-render-clip" "$input"
fi
name=${input%%\?*}
name=${name%/}
name=${name##*/}
case $input in
  file://*) name=${name%.*} ;;
  *://*)
    name=${name//[^A-Za-z0-9._-]/_}
    options+=(--seconds 30)
    echo "Ctrl-C ends the recording; it ends by itself after 30 seconds."
    ;;
  *) name=${name%.*} ;;
esac
video=$out/${name:-input}-protected.mp4
picture=$out/${name:-input}-before-after.png

echo "== Protecting ${input/\/\/*@/\/\/...@}"  # without a password
rm -f -- "$video" "$picture"
"$build/examples/faceperturb" "${options[@]}" --before-after "$picture" "$@" \
  -- "$input" "$video"

echo "== Done"
echo "protected video:      $video"
[[ -f $picture ]] && echo "before/after picture: $picture  (shows a clear face: not to be passed on)"
echo "Play it with any video player, or:  gst-launch-1.0 playbin uri=file://${video// /%20}"
