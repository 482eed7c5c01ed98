#!/bin/sh
# leakgate-shim 4 @CHECKSUM@
# Written by `leakgate install --global` or `--system`, taken away by `leakgate uninstall`. Git
# looks here instead of into the repository, whose own hook runs all the same.
own=.git/hooks/@EVENT@
if [ -n "${GIT_DIR:-}" ] || [ ! -d .git ]; then
	own=$(git rev-parse --git-common-dir 2>/dev/null)/hooks/@EVENT@
fi
if [ -f "$own" ] && [ -x "$own" ]; then
	exec "$own" "$@"
fi
