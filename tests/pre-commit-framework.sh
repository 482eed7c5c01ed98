#!/bin/sh
# Runs the real pre-commit framework on this repository's hooks: tried out, and installed, through
# commit, merge, push, --all-files, --files and a range. Needs git, cargo, python3 and the network.
#
#     sh tests/pre-commit-framework.sh        # hooks of `language: system`, which is quick
#     sh tests/pre-commit-framework.sh rust   # also `language: rust`, which builds a release
set -eu

cd "$(dirname "$0")/.."
here=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --quiet
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet pre-commit
mkdir "$work/bin"
cp "${CARGO_TARGET_DIR:-target}/debug/leakgate" "$work/bin"
PATH=$work/venv/bin:$work/bin:$PATH
export CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}"
export PATH PRE_COMMIT_HOME="$work/cache" HOME="$work/home"
export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=A
export GIT_COMMITTER_EMAIL=a@example.com
mkdir "$work/home"
git config --global init.defaultBranch main

# A token that never was one, with the checksum of a real one, made up now.
token=$(python3 -c '
import random, string, zlib
digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
body = "".join(random.choice(digits) for _ in range(30))
number, sum = zlib.crc32(body.encode()), ""
for _ in range(6):
    sum, number = digits[number % 62] + sum, number // 62
print("ghp" + "_" + body + sum)')

checks=0
# Runs a command that must succeed, or must not and must say why.
passes() {
	if ! "$@" >"$work/out" 2>&1; then
		echo "should have passed: $*"
		sed "s/$token/[redacted]/g" "$work/out"
		exit 1
	fi
	quiet_about_the_token "$*"
}
stops() {
	if "$@" >"$work/out" 2>&1; then
		echo "should have been stopped: $*"
		cat "$work/out"
		exit 1
	fi
	if ! grep -q 'github-personal-token' "$work/out"; then
		echo "was stopped by something else: $*"
		cat "$work/out"
		exit 1
	fi
	quiet_about_the_token "$*"
}
quiet_about_the_token() {
	if grep -q "$token" "$work/out"; then
		echo "the token was shown: $1"
		exit 1
	fi
	checks=$((checks + 1))
}

# The hooks as they are now, committed or not.
hooks=$work/hooks
mkdir "$hooks"
(cd "$here" && git ls-files -z --cached --others --exclude-standard | tar -cf - --null -T -) |
	tar -xf - -C "$hooks"
git -C "$hooks" init -q
git -C "$hooks" add -A
git -C "$hooks" commit -q -m hooks
rev=$(git -C "$hooks" rev-parse HEAD)

repo() {
	rm -rf "$work/repo" "$work/remote.git"
	git init -q "$work/repo"
	git init -q --bare "$work/remote.git"
	cd "$work/repo"
	git remote add origin "$work/remote.git"
	echo nothing >tracked
	git add tracked
	git commit -q -m start
	git push -q origin main
}

configure() {
	cat >.pre-commit-config.yaml <<YAML
repos:
  - repo: $hooks
    rev: $rev
    hooks:
      - id: leakgate$1
      - id: leakgate-commit-msg$1
      - id: leakgate-pre-push$1
      - id: leakgate-files$1
      - id: leakgate-history$1
YAML
	git add .pre-commit-config.yaml
	git commit -q --no-verify -m configure
	git push -q --no-verify origin main
	pre-commit install --hook-type pre-commit --hook-type pre-merge-commit \
		--hook-type commit-msg --hook-type pre-push >"$work/out"
}

tried_out() {
	repo
	passes pre-commit try-repo "$hooks" "leakgate$1" --all-files
	echo "token = \"$token\"" >secret
	git add secret
	stops pre-commit try-repo "$hooks" "leakgate$1" --all-files
	stops pre-commit try-repo "$hooks" "leakgate$1" --files secret
}

installed() {
	repo
	configure "$1"

	# Staged, and taken out of the work tree again: the framework stashes what is unstaged.
	echo "token = \"$token\"" >a
	git add a
	echo nothing >a
	stops git commit -m secret
	git rm -q -f --cached a
	rm a
	echo clean >b
	git add b
	echo "token = \"$token\"" >tracked
	passes git commit -m clean
	stops git commit -a -m secret
	git checkout -q tracked

	stops git commit --allow-empty -m "token $token"
	passes git commit --allow-empty -m message

	# A merge, of a branch that is clean, and one that a driver spoils.
	git checkout -q -b side HEAD~1
	echo side >side
	echo side >tracked
	git add side tracked
	git commit -q --no-verify -m side
	git checkout -q main
	echo main >tracked
	echo 'tracked merge=odd' >.gitattributes
	git add tracked .gitattributes
	git commit -q --no-verify -m main
	echo "token = \"$token\"" >.git/odd
	git config merge.odd.driver 'cp .git/odd %A'
	stops git merge --no-edit side
	git reset -q --hard
	echo merged >.git/odd
	passes git merge --no-edit side
	passes git push -q origin main

	# What is committed: all files, some, a range, the history, a push.
	passes pre-commit run --all-files
	echo "token = \"$token\"" >secret
	git add secret
	git commit -q --no-verify -m secret
	stops pre-commit run --all-files
	stops pre-commit run --hook-stage manual "leakgate-files$1" --files secret
	passes pre-commit run --hook-stage manual "leakgate-files$1" --files tracked
	stops pre-commit run "leakgate$1" --from-ref HEAD~1 --to-ref HEAD
	passes pre-commit run "leakgate$1" --from-ref HEAD~2 --to-ref HEAD~1
	stops git push origin main
	stops git push origin main:new
	git rm -q secret
	git commit -q --no-verify -m 'take it out'
	passes pre-commit run --all-files
	stops pre-commit run --hook-stage manual "leakgate-history$1"
	stops git push origin main
	stops git push origin main:new
	git reset -q --hard HEAD~2
	passes git push origin main:new
}

tried_out -system
installed -system
if [ "${1:-}" = rust ]; then
	rm "$work/bin/leakgate"
	# Not tried out: the framework would build it each time.
	installed ''
fi
echo "pre-commit $(pre-commit --version | sed 's/.* //'): $checks checks passed"
