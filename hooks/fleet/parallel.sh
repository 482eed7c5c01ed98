#!/bin/sh
# Reads the history of the repository here in shards by GNU parallel, then tells what it holds.
# What is given goes to `leakgate merge`, as `--modes` or `--format json`.
#
# On one machine `leakgate history` does the same with threads. For several, let all of them see the
# repository and the folder for reports under the same paths, and name them to parallel:
#
#   LEAKGATE_REPORTS=/net/reports PARALLEL='--sshlogin a,b,c --workdir .' sh parallel.sh
set -eu

shards=${LEAKGATE_SHARDS:-8}
reports=${LEAKGATE_REPORTS:-$(mktemp -d)}

seq "$shards" | parallel --halt now,fail=1 \
	"leakgate history --quiet --shard {}/$shards --output '$reports'/shard-{}.json"
status=0
leakgate merge "$@" "$reports"/shard-*.json || status=$?
[ -n "${LEAKGATE_REPORTS:-}" ] || rm -r "$reports"
exit "$status"
