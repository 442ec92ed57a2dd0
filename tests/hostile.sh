#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Damaged files of the usual containers and codecs through the program, in the demuxers and decoders
# that GStreamer has:
#   tests/hostile.sh BUILD [ROUNDS]   each file ROUNDS times (default 5), damaged differently
# Each must end within two minutes with exit code 0 (and an output) or 1 (and none), never by a signal.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing zzuf
build=$(realpath "$1")
rounds=${2:-5}
export GST_PLUGIN_PATH=$build/gst GST_REGISTRY=$build/tests/registry.bin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work"/{whole,damaged,out}

picture='videotestsrc num-buffers=1 pattern=smpte ! video/x-raw,format=I420,width=320,height=240'
video='videotestsrc num-buffers=40 pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=25/1'
sound='audiotestsrc num-buffers=70 ! audioconvert'
make() { gst-launch-1.0 -q "${@:2}" ! filesink location="$work/whole/$1"; }
# shellcheck disable=SC2086
{
  make h264.mp4 $video ! x264enc key-int-max=10 ! mux. $sound ! avenc_aac ! mux. mp4mux name=mux
  make h265.mkv $video ! x265enc ! h265parse ! matroskamux
  make vp8.webm $video ! vp8enc ! webmmux
  make theora.ogg $video ! theoraenc ! oggmux
  make mjpeg.avi $video ! jpegenc ! avimux
  make h264.ts $video ! x264enc key-int-max=10 ! h264parse ! mpegtsmux
  make mpeg4.avi $video ! avenc_mpeg4 ! avimux
  make ffv1.mkv $video ! avenc_ffv1 ! matroskamux
  make picture.png $picture ! videoconvert ! pngenc
  make picture.jpg $picture ! jpegenc
}

runs=0 protected=0 refused=0 wrong=0
for whole in "$work"/whole/*; do
  name=$(basename "$whole")
  case $name in
    *.png | *.jpg) out=$work/out/$name ;;
    *) out=$work/out/$name.mkv ;;
  esac
  for ((seed = 1; seed <= rounds; ++seed)); do
    # From one bit in 50,000 to one in 300; every fifth is cut off instead.
    if ((seed % 5 == 0)); then
      head -c $(($(stat -c %s "$whole") * (seed % 7 + 1) / 9)) "$whole" >"$work/damaged/$name"
    else
      zzuf -q -s "$seed" -r 0.00002:0.003 <"$whole" >"$work/damaged/$name"
    fi
    status=0
    timeout 120 "$build/examples/faceperturb" "$work/damaged/$name" "$out" \
      >"$work/log" 2>&1 </dev/null || status=$?
    runs=$((runs + 1))
    if [[ $status == 0 && -s $out ]]; then
      protected=$((protected + 1))
    elif [[ $status == 1 && ! -e $out ]]; then
      refused=$((refused + 1))
    else
      wrong=$((wrong + 1))
      echo "$name, seed $seed: exit code $status, output: $(ls "$work/out")" >&2
      tail -5 "$work/log" >&2
    fi
    rm -rf "$work"/out/*
  done
done
echo "$runs damaged files: $protected protected, $refused refused, $wrong neither"
((wrong == 0))
