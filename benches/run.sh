#!/usr/bin/env bash
# Cost per request and truth of latencies, beside wrk and stock Locust; kept under benches/runs/. Called by `make bench`.
# KATYDID_BENCH_SCRIPTS  folder of cost_per_request.py and latency_truth.py (default: ../shared/bench beside the tree)
# KATYDID                the command that is measured; LOCUST_PYTHON: a Python that has stock Locust
# BENCH_MACHINE          name of this machine in the results (default: its host name)
# BENCH_ONLY             generators to measure, comma-separated (default: all)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
scripts=$(realpath -m "${KATYDID_BENCH_SCRIPTS:-$root/../shared/bench}")
katydid=${KATYDID:-$(command -v katydid || true)}

missing=()
[ -f "$scripts/cost_per_request.py" ] || missing+=("cost_per_request.py in $scripts: set KATYDID_BENCH_SCRIPTS to its folder")
[ -f "$scripts/latency_truth.py" ] || missing+=("latency_truth.py in $scripts: set KATYDID_BENCH_SCRIPTS to its folder")
command -v nginx >/dev/null || missing+=("nginx, the server that is asked: apt-get install nginx-light")
command -v wrk >/dev/null || missing+=("wrk, the measure of cost: apt-get install wrk")
command -v taskset >/dev/null || missing+=("taskset, which pins to a CPU: apt-get install util-linux")
[ -n "$katydid" ] || missing+=("the katydid command: make build, or set KATYDID")
"${LOCUST_PYTHON:-false}" -c 'import locust' 2>/dev/null || missing+=("stock Locust: set LOCUST_PYTHON to a Python that has it")
if [ ${#missing[@]} -gt 0 ]; then
  echo "nothing was measured, because this is missing:" >&2
  printf '  %s\n' "${missing[@]}" >&2
  exit 1
fi

cargo build --release --locked --quiet -p native -p micro
target=${CARGO_TARGET_DIR:-$root/target}/release
export KATYDID=$katydid
export KATYDID_NATIVE="$target/native --host {url} --users {users} --quiet"

results=benches/runs/$(date +%F)-${BENCH_MACHINE:-$(uname -n)}
mkdir -p "$results"

# Text without the folders of this machine.
anywhere() { sed -e "s#$root/##g; s#$scripts/##g; s#${LOCUST_PYTHON%/bin/*}/##g; s# from /.*/katydid/locust##"; }

{
  echo "date      $(date -u +%FT%TZ)"
  echo "commit    $(git describe --always --dirty 2>/dev/null || echo unknown)"
  echo "kernel    $(uname -sr)"
  echo "cpu       $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | xargs), $(nproc) of them"
  echo "rustc     $(rustc --version)"
  echo "katydid   $("$katydid" --version 2>/dev/null | head -n 1)"
  echo "locust    $("$LOCUST_PYTHON" -c 'from importlib.metadata import version as v; print(v("locust"), "with geventhttpclient", v("geventhttpclient"))')"
  echo "python    $("$LOCUST_PYTHON" --version)"
  echo "nginx     $(nginx -v 2>&1)"
  # wrk prints its version together with its help, and calls that a failure.
  echo "wrk       $( (wrk -v 2>&1 || true) | head -n 1)"
} | anywhere >"$results/versions.txt"


# Runs a command, shows what it prints, and keeps both.
keep() {
  local name=$1
  shift
  echo "$*" | anywhere >>"$results/commands.txt"
  printf '\n== %s\n' "$name"
  "$@" | tee "$results/$name.txt"
}

printf 'KATYDID=%s LOCUST_PYTHON=%s KATYDID_NATIVE="%s"\n' "$KATYDID" "$LOCUST_PYTHON" "$KATYDID_NATIVE" | anywhere >"$results/commands.txt"
only=()
[ -z "${BENCH_ONLY:-}" ] || only=(--only "$BENCH_ONLY")
keep micro "$target/micro"
keep cost_per_request python3 "$scripts/cost_per_request.py" --json "$results/cost_per_request.json" "${only[@]}"
keep latency_truth python3 "$scripts/latency_truth.py" --json "$results/latency_truth.json"
printf '\nkept under %s\n' "$results"
