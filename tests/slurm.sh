#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# examples/archive/slurm.sh on a real Slurm: a throw-away cluster of two nodes on this machine, in
# which a task is killed, taken up again, and a file is damaged. Not part of the suite, for it needs
# root and Debian's packages slurm-wlm and munge.
#   slurm.sh BUILD FOLDER    videos and pictures; work goes on in a temporary folder
set -euo pipefail
build=$(realpath "$1") input=$(realpath "$2")
source=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
[[ $EUID -eq 0 ]] || { echo "needs root" >&2; exit 1; }
# shellcheck source=.ci/packages.sh
source "$source/.ci/packages.sh"
install_missing slurm-wlm munge

cluster=$(mktemp -d)
daemons=()
stop() {
  # Only what was started here.
  [[ ${#daemons[@]} -eq 0 ]] || kill "${daemons[@]}" 2>/dev/null || true
  wait
  rm -rf "$cluster"
}
trap stop EXIT
chmod 755 "$cluster"
cd "$cluster"

dd if=/dev/urandom of=munge.key bs=128 count=1 status=none
chmod 600 munge.key
munged --foreground --force --key-file="$PWD/munge.key" --socket="$PWD/munge.socket" \
  --pid-file="$PWD/munge.pid" --seed-file="$PWD/munge.seed" --log-file="$PWD/munge.log" 2>munge.err &
daemons+=($!)

cpus=$(nproc)
cat >slurm.conf <<EOF
ClusterName=trial
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=17817
SlurmUser=root
AuthInfo=socket=$PWD/munge.socket
StateSaveLocation=$PWD/state
SlurmctldPidFile=$PWD/slurmctld.pid
SlurmctldLogFile=$PWD/slurmctld.log
SlurmdSpoolDir=$PWD/spool-%n
SlurmdPidFile=$PWD/slurmd-%n.pid
SlurmdLogFile=$PWD/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
NodeName=node1 NodeAddr=127.0.0.1 Port=17818 CPUs=$cpus
NodeName=node2 NodeAddr=127.0.0.1 Port=17819 CPUs=$cpus
PartitionName=all Nodes=node1,node2 Default=YES MaxTime=INFINITE
EOF
export SLURM_CONF=$PWD/slurm.conf
mkdir state
for _ in {1..50}; do [[ -S munge.socket ]] && break; sleep 0.1; done
slurmctld -D -f slurm.conf 2>slurmctld.err &
daemons+=($!)
# A name of its own makes each a node.
for node in node1 node2; do
  mkdir "spool-$node"
  unshare --uts bash -c "hostname $node && exec slurmd -D -f '$PWD/slurm.conf' 2>'$PWD/$node.err'" &
  daemons+=($!)
done
for _ in {1..100}; do
  [[ $(sinfo -h -t idle -o %D 2>/dev/null) == 2 ]] && break
  sleep 0.2
done
[[ $(sinfo -h -t idle -o %D) == 2 ]] || { tail ./*.log ./*.err >&2; exit 1; }
sinfo -N -o '%N %T %c CPUs'

export PATH=$build/examples:$PATH GST_PLUGIN_PATH=$build/gst GST_REGISTRY=$PWD/registry.bin
cp -r "$input" in
head -c 20000 /dev/urandom >in/damaged.mp4
clear=$(find in -type f | wc -l)

# submit: runs it all; prints the summary's and every task's outcome.
submit() {
  local lines array summary
  lines=$("$source/examples/archive/slurm.sh" 4 --cpus-per-task=1 -- \
    --manifest=manifest --tries=2 in out/)
  array=$(sed -n 's/^array \([0-9]*\).*/\1/p' <<<"$lines")
  summary=$(sed -n 's/^summary \([0-9]*\).*/\1/p' <<<"$lines")
  if [[ ${kill_task-} ]]; then
    for _ in {1..600}; do
      grep -qs '"outcome":"done"' manifest/journal.jsonl &&
        [[ $(scontrol show job "${array}_$kill_task" | grep -c JobState=RUNNING) == 1 ]] && break
      sleep 0.2
    done
    echo "killing ${array}_$kill_task"
    scancel --signal=KILL --full "${array}_$kill_task"
  fi
  until scontrol show job "$summary" | grep -qE 'JobState=(COMPLETED|FAILED)'; do sleep 1; done
  scontrol show job "$array" | grep -oE '(ArrayTaskId|JobState|ExitCode|RunTime| NodeList)=[^( ][^ ]*' |
    paste -sd' ' | sed 's/ ArrayTaskId/\nArrayTaskId/g'
  scontrol show job "$summary" | grep -oE 'ExitCode=[^ ]*'
  cat "slurm-$summary.out"
}
done_lines() { grep -c '"outcome":"done"' manifest/journal.jsonl; }

echo "== One task is killed"
kill_task=1 submit
first=$(done_lines)
echo "== Again: what is left"
submit
second=$(done_lines)
echo "== Once more: nothing"
submit
echo "== $clear files: $first done, $second after resuming, $(done_lines) after one more run"
(cd out && sha256sum --quiet -c ../manifest/SHA256SUMS)
echo "sums: $(wc -l <manifest/SHA256SUMS) right"
grep -ho '"host":"[^"]*"' manifest/manifest.jsonl | sort | uniq -c
failed=$(grep -c '"outcome":"failed"' manifest/manifest.jsonl)
[[ $first -lt $second && $second -eq $((clear - failed)) && $(done_lines) -eq $second ]]
[[ -z $(find out -name '*.part') ]]
grep -q '"file":"damaged.mp4","host":"[^"]*","outcome":"failed"' manifest/manifest.jsonl
echo "passed"
