#!/usr/bin/env bash
# CPU of cdc-doctor on a healthy log next to that of `wc -l`, and its peak memory.
#   scripts/bench.sh [SIZE [ROUNDS]]        scripts/bench.sh 1GiB 5
# The rounds are interleaved, so that both suffer alike from whatever else the machine does. CPU is user + system.
set -euo pipefail
cd "$(dirname "$0")/.."
size=${1:-1GiB}
rounds=${2:-5}
target=${CARGO_TARGET_DIR:-target}

cargo build --quiet --release --bin cdc-doctor --example loggen
log=$(mktemp "${TMPDIR:-/tmp}/loggen.XXXXXX")
trap 'rm -f "$log"' EXIT
"$target/release/examples/loggen" --size "$size" > "$log"

# seconds of CPU that a command takes; what it prints goes nowhere
cpu() {
  local TIMEFORMAT='%U %S'
  { time "$@" > /dev/null 2>&1; } 2>&1 | awk '{ printf "%.3f", $1 + $2 }'
}

# peak resident memory of a command in MiB
peak() {
  python3 - "$@" <<'PY'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
print(round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1))
PY
}

doctor=("$target/release/cdc-doctor" "$log")
cat "$log" > /dev/null # into the page cache
wc -lc < "$log" | awk '{ print $1 " lines, " $2 " bytes" }'
printf 'round  wc -l  cdc-doctor  ratio\n'
for round in $(seq "$rounds"); do
  w=$(cpu wc -l "$log")
  d=$(cpu "${doctor[@]}")
  awk -v r="$round" -v w="$w" -v d="$d" 'BEGIN { printf "%5d  %5.2f  %10.2f  %5.2f\n", r, w, d, d / w }'
done | tee /dev/stderr | awk '{ print $4 }' | sort -n | awk '{ a[NR] = $1 } END { print "median ratio " a[int((NR + 1) / 2)] }'
printf 'peak memory %s MiB\n' "$(peak "${doctor[@]}")"
printf 'start-up: '
small=$(mktemp "${TMPDIR:-/tmp}/loggen.XXXXXX")
trap 'rm -f "$log" "$small"' EXIT
head -1 "$log" > "$small"
for _ in $(seq 10); do cpu "$target/release/cdc-doctor" "$small"; echo; done | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] " s CPU (median of " NR ")" }'
