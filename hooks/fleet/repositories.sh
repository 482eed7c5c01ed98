#!/bin/sh
# Scans each N-th repository of a list, so that N machines share the list without talking:
#
#   sh repositories.sh LIST I/N REPORTS
#
# LIST has a folder of a repository in each line. A report is named for the line and the folder.
# The status is the highest: 1 if something was found, 2 if something could not be scanned.
# `leakgate merge REPORTS/*.json` makes one of all reports.
set -eu

list=$1 index=${2%/*} count=${2#*/} reports=$3
if ! [ "$index" -ge 1 ] || ! [ "$index" -le "$count" ]; then
	echo "repositories.sh: $2 is no shard: write it as 2/5" >&2
	exit 2
fi
line=0 status=0
while IFS= read -r repository; do
	line=$((line + 1))
	[ $((line % count)) -eq $((index % count)) ] || continue
	result=0
	(cd "$repository" || exit 2; exec leakgate history --format json) \
		>"$reports/$line-$(basename "$repository").json" </dev/null || result=$?
	# Whatever else ended it, the repository was not scanned.
	case $result in 0 | 1 | 2) ;; *) result=2 ;; esac
	[ "$result" -le "$status" ] || status=$result
done <"$list"
exit "$status"
