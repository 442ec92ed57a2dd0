#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which lines the tests of core/ and gst/ run: builds with gcov, prints a table and fails where less than
# 90 % of the lines of core/ (without core/eval and the tools of core/assets) are reached.
# build-coverage/coverage.html shows the lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing "${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}" gcovr
build='build-coverage'
# Threads count into the same lines.
[[ -f $build/build.ninja ]] ||
  meson setup "$build" --buildtype debugoptimized -Db_coverage=true -Dexamples=disabled \
    -Dcpp_args=-fprofile-update=atomic
find "$build" -name '*.gcda' -delete
status=0
mapfile -t tests < <(meson test -C "$build" --list | grep -oE '(core|gst)-[a-z-]+$')
meson test -C "$build" --timeout-multiplier 3 "${tests[@]}" || status=$?
gcovr --root . --object-directory "$build" --filter 'core/' --filter 'gst/' --exclude 'core/eval/' \
  --exclude 'core/assets/' --gcov-ignore-parse-errors --print-summary \
  --html-details "$build/coverage.html" --txt "$build/coverage.txt" >/dev/null
cat "$build/coverage.txt"
gcovr --root . --object-directory "$build" --filter 'core/' --exclude 'core/eval/' \
  --exclude 'core/assets/' --gcov-ignore-parse-errors --fail-under-line 90 --txt /dev/null
exit "$status"
