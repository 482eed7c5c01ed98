#!/bin/sh
# For any other CI. Scans the commits that HEAD has and the base has not.
#
# Where the environment tells which commits are meant (GitHub, GitLab, Bitbucket, Buildkite,
# Jenkins, Travis, Drone, Woodpecker, Azure), nothing has to be set. Elsewhere, set LEAKGATE_BASE
# and LEAKGATE_HEAD to commits or branches. The checkout must not be shallow.
set -eu

if [ -n "${LEAKGATE_BASE:-}" ] && [ -z "${LEAKGATE_HEAD:-}" ]; then
	LEAKGATE_HEAD=HEAD
	export LEAKGATE_HEAD
fi
if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
	git fetch --quiet --unshallow
fi
exec leakgate range "$@"
