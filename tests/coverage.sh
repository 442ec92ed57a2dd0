#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs the quick tests of core/ and gst/, prints a table of what lines of them they reach and fails where
# it is less than 90 % of the lines of core/ (without core/eval and the tools of core/assets).
# build-coverage/coverage.html shows the lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing "${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}" gcovr
build='build-coverage'
# What is not optimised at all takes minutes to test.
[[ -f $build/build.ninja ]] ||
  meson setup "$build" --buildtype plain -Doptimization=1 -Db_coverage=true -Db_lundef=false -Dexamples=disabled
find "$build" -name '*.gcda' -delete
mapfile -t tests < <(meson test -C "$build" --suite quick --list | sed -n 's|^.* / ||p' | grep -E '^(core|gst)-')
meson test -C "$build" --print-errorlogs --timeout-multiplier 5 "${tests[@]}"
lines=$build/coverage.json
gcovr -j "$(nproc)" --root . --filter core/ --filter gst/ --exclude core/eval/ --exclude core/assets/make \
  --exclude-directories '.*/(eval|.*\.a\.p|faceperturb-.*)' --json "$lines" "$build/core" "$build/gst"
gcovr --root . --add-tracefile "$lines" --html-details "$build/coverage.html"
gcovr --root . --add-tracefile "$lines"
# No /dev/null: gcovr would put a file in its place.
gcovr --root . --add-tracefile "$lines" --filter core/ --txt "$build/coverage.txt" --print-summary --fail-under-line 90
