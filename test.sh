#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs what is missing from Debian's packages, builds and runs tests:
#   ./test.sh          every test
#   ./test.sh quick    the suite that takes less than a minute
# Tests on real clips need the shared test data: FACEPERTURB_TEST_DATA, default ../shared/data.
# The last line counts the tests: N passed, N failed, N skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=.ci/packages.sh
source .ci/packages.sh
install_missing "${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}"

build=${BUILD_DIR:-build-test}
[[ -f $build/build.ninja ]] || meson setup "$build" -Dwerror=true
meson compile -C "$build"

suites=()
[[ $# -gt 0 ]] && suites=(--suite "$1")
rm -f "$build"/*.xml  # meson has every GoogleTest program leave its report there
status=0
meson test -C "$build" --print-errorlogs "${suites[@]}" || status=$?

# Every single test, not every test program: counted from GoogleTest's own reports. A program that
# fails without a report (a crash, a time-out) counts as one failure.
python3 - "$build" "$build/meson-logs/testlog.json" <<'PYTHON'
import json, pathlib, sys, xml.etree.ElementTree as xml
passed = failed = skipped = 0
for report in pathlib.Path(sys.argv[1]).glob("*.xml"):
    for case in xml.parse(report).iter("testcase"):
        if case.find("failure") is not None: failed += 1
        elif case.find("skipped") is not None or case.get("result") == "skipped": skipped += 1
        else: passed += 1
programs = [json.loads(line) for line in open(sys.argv[2])]
if not failed:
    failed = sum(p["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") for p in programs)
print(f"{passed} passed, {failed} failed, {skipped} skipped")
PYTHON
exit "$status"
