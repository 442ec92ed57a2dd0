#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds with a sanitizer and runs the tests whose faults it sees best:
#   tests/sanitize.sh address   AddressSanitizer and UndefinedBehaviorSanitizer
#   tests/sanitize.sh thread    ThreadSanitizer
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build-$1
case $1 in
  address)
    sanitizers=address,undefined
    tests=(core-frame core-perturb core-regions core-protector core-lookahead core-worker-pool core-record
      gst-buffers
      gst-record gst-restore gst-stream gst-stress)
    ;;
  thread)
    sanitizers=thread
    tests=(core-lookahead core-worker-pool gst-stress)
    only=--gtest_filter='-Stress.ALiveStream*:Stress.Format*:Stress.HalfAMinute*:Stress.*ModelThatIsDeleted*' # too slow
    ;;
  *)
    echo "usage: tests/sanitize.sh address|thread" >&2
    exit 2
    ;;
esac
[[ -f $build/build.ninja ]] ||
  meson setup "$build" --buildtype debugoptimized -Db_sanitize="$sanitizers" -Db_lundef=false \
    -Dcpp_args=-D_GLIBCXX_ASSERTIONS -Dexamples=disabled
# Leaks are not looked for: GStreamer and OpenCV keep what they register for ever.
export ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# GLib, GStreamer and OpenCV are not instrumented: what they alone do would look like a race.
export TSAN_OPTIONS=report_mutex_bugs=0:ignore_noninstrumented_modules=1
export G_SLICE=always-malloc
meson test -C "$build" --print-errorlogs --timeout-multiplier 5 ${only:+--test-args="$only"} \
  "${tests[@]}"
