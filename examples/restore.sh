#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Protects a clip with a key, restores it, and compares every byte with the source:
#   restore.sh CLIP
# by a record's file through a lossless codec, and by the record inside an H.264 stream, without any
# file beside it. Then shows what is said where the key, the record or the picture is another.
# Needs gst-launch-1.0 and the plugin on GST_PLUGIN_PATH (meson devenv -C build ...), and `faceperturb`.
set -euo pipefail
clip=$(realpath "${1:?usage: restore.sh CLIP}")
program=${FACEPERTURB:-faceperturb}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

launch() { gst-launch-1.0 -q "$@" >/dev/null; }
decoded=(filesrc location="$clip" ! decodebin ! videoconvert ! 'video/x-raw,format=I420')

# expect WORDS ARGUMENTS...: the pipeline must fail with an error that says WORDS.
expect() {
  local words=$1
  shift
  if launch "$@" 2>error; then
    echo "restore.sh: no error where '$words' was to be one" >&2
    exit 1
  fi
  grep -m1 '^ERROR' error
  grep -q -- "$words" error
}

"$program" --new-key key
"$program" --new-key other-key
launch "${decoded[@]}" ! filesink location=clear.i420

echo "== By a record's file, through FFV1 in Matroska"
launch "${decoded[@]}" ! faceperturb key-location=key record-location=record regions=face \
  ! tee name=t ! queue ! filesink location=protected.i420 \
  t. ! queue ! avenc_ffv1 ! matroskamux ! filesink location=protected.mkv
cmp -s clear.i420 protected.i420 && { echo "restore.sh: nothing was protected" >&2; exit 1; }
stored=(filesrc location=protected.mkv ! matroskademux ! avdec_ffv1)
launch "${stored[@]}" ! facerestore key-location=key record-location=record \
  ! filesink location=restored.i420
cmp clear.i420 restored.i420
echo "$(stat -c %s clear.i420) bytes are as they were; the record has $(stat -c %s record)"

echo "== By the record inside H.264 in MP4, without a file beside it"
launch "${decoded[@]}" ! faceperturb key-location=key attach-record=true regions=face \
  ! x264enc pass=quant quantizer=0 speed-preset=veryfast ! facerecordinsert ! h264parse ! mp4mux \
  ! filesink location=protected.mp4
launch filesrc location=protected.mp4 ! qtdemux ! h264parse ! facerecordextract ! avdec_h264 \
  ! facerestore key-location=key ! filesink location=restored.i420
cmp clear.i420 restored.i420
echo "$(stat -c %s clear.i420) bytes are as they were"

echo "== What is said where something is another"
expect "another key" "${stored[@]}" ! facerestore key-location=other-key record-location=record ! fakesink
cp key loose-key && chmod 644 loose-key
expect "chmod 600" "${stored[@]}" ! facerestore key-location=loose-key record-location=record ! fakesink
expect "No such file" "${stored[@]}" ! facerestore key-location=no-key record-location=record ! fakesink
{ head -c 5000 record; printf x; tail -c +5002 record; } >changed
expect "changed or damaged" "${stored[@]}" ! facerestore key-location=key record-location=changed ! fakesink
head -c 5000 record >cut-short
expect "cannot be restored" "${stored[@]}" ! facerestore key-location=key record-location=cut-short ! fakesink
launch "${decoded[@]}" ! faceperturb key-location=key record-location=second regions=face ! fakesink
expect "cannot be restored" "${stored[@]}" ! facerestore key-location=key record-location=second ! fakesink
expect "carries no record" "${stored[@]}" ! facerestore key-location=key ! fakesink
expect "the record is of pictures of" "${stored[@]}" ! videoscale ! video/x-raw,width=96,height=80 \
  ! facerestore key-location=key record-location=record ! fakesink
echo "== As it should be"
