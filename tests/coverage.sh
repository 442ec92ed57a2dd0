#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs all tests under AddressSanitizer, whose build counts lines, prints a table of what lines of core/
# and gst/ they reach and fails where it is less than 90 % of the lines of core/ (without core/eval and
# the tools of core/assets).
# build-address-all/coverage.html shows the lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing "${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}" gcovr
tests/sanitize.sh address all
build='build-address-all'
lines=$build/coverage.json
gcovr -j "$(nproc)" --root . --filter core/ --filter gst/ --exclude core/eval/ --exclude core/assets/make \
  --exclude-directories '.*/(eval|.*\.a\.p|faceperturb-.*)' --json "$lines" "$build/core" "$build/gst"
gcovr --root . --add-tracefile "$lines" --html-details "$build/coverage.html"
gcovr --root . --add-tracefile "$lines"
gcovr --root . --add-tracefile "$lines" --filter core/ --txt /dev/null --print-summary --fail-under-line 90
