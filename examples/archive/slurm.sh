#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Protects an archive on a Slurm cluster: an array of shards, and behind it a job that sums up. What
# was done before is not done again, so the same line resumes what was cut short.
#   slurm.sh SHARDS [SBATCH OPTION]... -- --manifest=FOLDER [FACEPERTURB OPTION]... INPUT... OUTPUT/
set -euo pipefail
usage() {
  sed -n 's/^#   //p' "$0" >&2
  exit 2
}
[[ ${1-} =~ ^[1-9][0-9]*$ ]] || usage
shards=$1
shift
options=()
while [[ $# -gt 0 && $1 != -- ]]; do
  options+=("$1")
  shift
done
[[ $# -gt 2 && " $* " == *" --manifest"* ]] || usage
shift
printf -v arguments '%q ' "$@"

# A number that the user gives with --jobs counts, for it is later.
array=$(sbatch --parsable --job-name=faceperturb --array="0-$((shards - 1))" --requeue \
  --open-mode=append "${options[@]}" <<EOF
#!/bin/bash
exec faceperturb --shard="\$SLURM_ARRAY_TASK_ID/$shards" --jobs="\${SLURM_CPUS_PER_TASK:-1}" $arguments
EOF
)
array=${array%%;*}
summary=$(sbatch --parsable --job-name=faceperturb-summary --dependency="afterany:$array" <<EOF
#!/bin/bash
exec faceperturb --summary $arguments
EOF
)
summary=${summary%%;*}
echo "array $array, shards 0 to $((shards - 1)), each in slurm-${array}_N.out"
echo "summary $summary, in slurm-$summary.out; its exit code is 0 if every file is done"
