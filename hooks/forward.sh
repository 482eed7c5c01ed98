#!/bin/sh
# leakgate-shim 2 @CHECKSUM@
# Written by `leakgate install --global` or `--system`, taken away by `leakgate uninstall`. Git
# looks here instead of into the repository, whose own hook runs all the same.
own=$(git rev-parse --git-common-dir 2>/dev/null)/hooks/@EVENT@
if [ -f "$own" ] && [ -x "$own" ]; then
	exec "$own" "$@"
fi
