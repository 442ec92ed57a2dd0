#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds with a sanitizer and runs the tests whose faults it sees best, or all of the suite:
#   tests/sanitize.sh address [all]   AddressSanitizer and UndefinedBehaviorSanitizer
#   tests/sanitize.sh thread [all]    ThreadSanitizer
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build-${1-}${2:+-$2}
options=(--buildtype debugoptimized -Db_lundef=false)
flags="'-D_GLIBCXX_ASSERTIONS'"
if [[ ${2-} == all ]]; then
  # -g1: stacks with lines, without the variables that take minutes to follow through dlib's networks.
  flags+=",'-g1'"
else
  options+=(-Dexamples=disabled)
fi
case ${1-} in
  address)
    options+=('-Db_sanitize=address,undefined')
    runtime=libasan.so preloaded=(examples pipelines-restore)
    tests=(core-frame core-perturb core-regions core-protector core-lookahead core-worker-pool core-record gst-buffers
      gst-record gst-restore gst-stream gst-stress)
    ;;
  thread)
    options+=(-Db_sanitize=thread)
    runtime=libtsan.so preloaded=(examples) # the shell of pipelines-restore dies of it
    tests=(core-lookahead core-worker-pool gst-stress)
    only=--gtest_filter='-Stress.Format*:Stress.HalfAMinute*:Stress.*ModelThatIsDeleted*' # too slow
    ;;
  *)
    echo "usage: tests/sanitize.sh address|thread [all]" >&2
    exit 2
    ;;
esac
[[ -f $build/build.ninja ]] || meson setup "$build" "${options[@]}" -Dcpp_args="[$flags]"
# Leaks are not looked for: GStreamer and OpenCV keep what they register for ever.
export ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# GLib, GStreamer and OpenCV are not instrumented: what they alone do would look like a race, and what
# GLib's locks protect too, if ThreadSanitizer were not told of them.
export TSAN_OPTIONS=report_mutex_bugs=0:ignore_noninstrumented_modules=1
export G_SLICE=always-malloc
loaded=
if [[ $1 == thread ]]; then
  loaded=$PWD/$build/tsan_glib.so
  read -ra glib < <(pkg-config --cflags --libs glib-2.0)
  g++ -shared -fPIC -O2 -o "$loaded" tests/support/tsan_glib.cpp -Wl,--no-as-needed "${glib[@]}"
fi
if [[ ${2-} == all ]]; then
  # WRAPPER TEST...
  run() { meson test -C "$build" --print-errorlogs --timeout-multiplier 20 --wrapper "$@" || status=$?; }
  # Without core-train-cae, a tool that is not installed: dlib's networks take long to compile.
  mapfile -t tests < <(meson test -C "$build" --list | sed -n 's|^.* / ||p' |
    grep -E '^(core|gst|pipelines)-' | grep -vxE 'core-train-cae|pipelines-restore')
  # TBB is not instrumented, so ThreadSanitizer does not see that a loop of OpenCV's in several threads has
  # ended; on one CPU it starts none. The relay's live streams need more than one, and it starts none.
  if [[ $1 == thread ]]; then
    run "env LD_PRELOAD=$loaded" pipelines-relay
    mapfile -t tests < <(printf '%s\n' "${tests[@]}" | grep -vx pipelines-relay)
    taskset -pc "$(taskset -pc $$ | sed -E 's/.*: ([0-9]+).*/\1/')" $$
  fi
  run "env LD_PRELOAD=$loaded" "${tests[@]}"
  # Python and gst-launch-1.0 can load a sanitized plugin only with the sanitizer there before, and that
  # looks for what throws exceptions as soon as it is there.
  run "env LD_PRELOAD=$(g++ -print-file-name="$runtime"):$(g++ -print-file-name=libstdc++.so):$loaded" \
    "${preloaded[@]}"
  exit "${status-0}"
else
  meson test -C "$build" --print-errorlogs --timeout-multiplier 5 --wrapper "env LD_PRELOAD=$loaded" \
    ${only:+--test-args="$only"} "${tests[@]}"
fi
