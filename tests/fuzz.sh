#!/usr/bin/env bash
# Feeds hostile bytes to all that leakgate reads: `tests/fuzz.sh [SECONDS [TARGET…]]`, a minute for
# each of the targets in tests/fuzz if nothing else is said. Needs rustup; installs what else it
# needs. What fails is kept in target/fuzz/artifacts and fails the script.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

seconds=${1:-60}
shift $(($# > 0))
case $seconds in
    '' | *[!0-9]*)
        echo "usage: tests/fuzz.sh [SECONDS [TARGET...]]" >&2
        exit 2
        ;;
esac
if [ $# -eq 0 ]; then
    set -- content slow archives repository versions settings reports
fi

rustup run nightly rustc --version >/dev/null 2>&1 ||
    rustup toolchain install nightly --profile minimal
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz

# The versions that are shipped.
cp Cargo.lock tests/fuzz/Cargo.lock

# The target of repositories runs in a folder of its own, so all paths are whole.
here=$PWD/target/fuzz
failed=()
for target in "$@"; do
    corpus=$here/corpus/$target
    found=$here/artifacts/$target
    mkdir -p "$corpus" "$found"
    printf '\n==> %s for %s seconds\n' "$target" "$seconds"
    longest=4096 patience=20
    # There, a few bytes are repeated until they take long.
    [ "$target" != slow ] || longest=256 patience=60
    # There is no unsafe code of ours for a sanitizer to look at, and without one twice as much runs.
    LEAKGATE_SEEDS=$corpus cargo +nightly fuzz run --fuzz-dir "$PWD/tests/fuzz" \
        --target-dir "$here" --sanitizer none "$target" "$corpus" -- \
        -max_total_time="$seconds" -max_len=$longest -rss_limit_mb=2048 -timeout=$patience \
        -artifact_prefix="$found/" -print_final_stats=1 ||
        failed+=("$target")
done
if [ ${#failed[@]} -gt 0 ]; then
    printf '\nfailed: %s\n' "${failed[*]}"
    exit 1
fi
printf '\nall held\n'
