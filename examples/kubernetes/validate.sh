#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Checks manifests against Kubernetes' own schema, without a cluster: every field must be known, of
# the right type and, where it is needed, there; no key may stand twice. Needs node and npm, which
# fetches the schema into a temporary folder.
#   validate.sh [FILE.yaml]...    default: those beside this script
set -euo pipefail
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
[[ $# -gt 0 ]] || set -- "$here"/*.yaml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
files=()
for file in "$@"; do files+=("$(realpath "$file")"); done
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . kubernetes-models@4.5.1 typescript@5.9.3 yaml@2.8.1

# Each document becomes a literal of its kind's type, in which TypeScript takes no unknown field, and
# is given to the validator made from the schema, which knows values too.
cat >check.mjs <<'JS'
import fs from "node:fs";
import { createRequire } from "node:module";
import ts from "typescript";
import { parseAllDocuments } from "yaml";
const require = createRequire(import.meta.url);
let faults = 0;
for (const file of process.argv.slice(2)) {
  let count = 0;
  for (const document of parseAllDocuments(fs.readFileSync(file, "utf8"), { version: "1.1" })) {
    const fail = (why) => { faults++; console.error(`${file}: ${why}`); };
    document.errors.forEach((error) => fail(error.message));
    if (document.errors.length) continue;
    const object = document.toJS();
    const { apiVersion, kind } = object ?? {};
    const where = `kubernetes-models/${apiVersion}/${kind}`;
    let model;
    try { model = require(where)[kind]; } catch { fail(`there is no ${kind} in ${apiVersion}`); continue; }
    try { new model(object).validate(); } catch (error) { fail(`${kind}: ${error.message}`); }
    const source = `check${faults}-${count++}.ts`;
    fs.writeFileSync(source, `import type { I${kind} } from "${where}";\n` +
      `export const object: I${kind} = ${JSON.stringify(object, null, 1)};\n`);
    const program = ts.createProgram([source], { noEmit: true, strict: true, skipLibCheck: true,
      module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] });
    for (const fault of ts.getPreEmitDiagnostics(program))
      fail(`${kind}: ${ts.flattenDiagnosticMessageText(fault.messageText, " ")}`);
    console.log(`${kind} ${object.metadata?.name}`);
  }
}
console.log(faults ? `${faults} faults` : "all valid");
process.exit(faults ? 1 : 0);
JS
node check.mjs "${files[@]}"
