#!/bin/sh
# Fuzzes every target for SECONDS (default 60), one after the other: fuzz/run.sh [SECONDS] [TARGET ...]
#
# Needs a C++ compiler and cargo-fuzz (installed here if missing). Works on stable Rust: RUSTC_BOOTSTRAP lets it use
# the sanitizer. What a run finds goes to fuzz/artifacts and fails; new corpus entries stay in fuzz/corpus: keep
# those that are worth it (`cargo fuzz cmin TARGET` first), and they are replayed by `cargo test` from then on.
set -eu

cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
export RUSTC_BOOTSTRAP=1

command -v cargo-fuzz > /dev/null || cargo install --locked cargo-fuzz
[ $# -gt 0 ] || set -- $(cargo fuzz list)
for target; do
    echo "fuzzing $target for $seconds s"
    cargo fuzz run "$target" -- -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
done
