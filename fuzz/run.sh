#!/bin/sh
# Fuzzes every target for SECONDS (default 60), one after the other: fuzz/run.sh [SECONDS] [TARGET ...]
#
# Needs a C++ compiler and cargo-fuzz (installed here if missing). Works on stable Rust: RUSTC_BOOTSTRAP lets it use
# the address sanitizer. An input that breaks a law goes to fuzz/artifacts and fails the run. New corpus entries stay
# in fuzz/target/corpus and are built on by the next run; copy one that is worth keeping to fuzz/corpus/TARGET, and
# `cargo test` replays it from then on.
set -eu

cd "$(dirname "$0")/.."
seconds=${1:-60}
[ $# -gt 0 ] && shift
export RUSTC_BOOTSTRAP=1

command -v cargo-fuzz > /dev/null || cargo install --locked cargo-fuzz
[ $# -gt 0 ] || set -- $(cargo fuzz list)
for target; do
    echo "fuzzing $target for $seconds s"
    found="fuzz/target/corpus/$target"
    mkdir -p "$found"
    cargo fuzz run "$target" "$found" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
done
