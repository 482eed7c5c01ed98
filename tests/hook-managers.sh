#!/bin/sh
# Sets up husky, lefthook and simple-git-hooks as they are published, adds the lines that
# `leakgate install` prints for each, and sees that a secret is stopped in a file, in a message, in a
# merge and in a push, and that `leakgate doctor` says so. Needs git, cargo, npm and the network.
set -eu

cd "$(dirname "$0")/.."
here=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cargo build --quiet
mkdir "$work/bin" "$work/home"
cp "${CARGO_TARGET_DIR:-$here/target}/debug/leakgate" "$work/bin"
export PATH="$work/bin:$PATH"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$work/gitconfig"
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=A
export GIT_COMMITTER_EMAIL=a@example.com
git config --global init.defaultBranch main

# A token that never was one, with the checksum of a real one, made up now.
token=$(node -e '
const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
let body = "", sum = "";
for (let i = 0; i < 30; i++) body += digits[Math.floor(Math.random() * 62)];
let number = require("zlib").crc32(body);
for (let i = 0; i < 6; i++) { sum = digits[number % 62] + sum; number = Math.floor(number / 62); }
console.log("ghp" + "_" + body + sum);')

stops() {
	if "$@" >"$work/out" 2>&1 || ! grep -q github-personal-token "$work/out"; then
		echo "$manager should have stopped: $*"
		sed "s/$token/[redacted]/g" "$work/out"
		exit 1
	fi
}

# A repository with the manager, before leakgate.
start() {
	manager=$1
	rm -rf "$work/repo" "$work/remote.git"
	git init -q --bare "$work/remote.git"
	git init -q "$work/repo"
	cd "$work/repo"
	git remote add origin "$work/remote.git"
	echo node_modules >.gitignore
	echo '{"name": "example", "private": true}' >package.json
	npm install --silent --no-audit --no-fund --ignore-scripts --save-dev "$2" >"$work/out" 2>&1
	if [ "$manager" = lefthook ]; then
		(cd node_modules/lefthook && node postinstall.js >"$work/out" 2>&1) || true
	fi
}

# What `leakgate install` prints, which it must do instead of writing anything.
instructions() {
	if leakgate install >"$work/out" 2>&1; then
		echo "leakgate did not see that $manager writes the hooks"
		exit 1
	fi
	sed -n 's/^      //p' "$work/out"
}

check() {
	git add -A
	git commit -q --no-verify -m start
	git push -q --no-verify origin main
	leakgate doctor >"$work/out" || {
		echo "$manager:"
		cat "$work/out"
		exit 1
	}
	echo "token = \"$token\"" >secret
	git add secret
	stops git commit -m secret
	git commit -q --no-verify -m secret
	stops git push origin main
	# Of another branch than the current one, from which nothing is to be pushed.
	git branch other
	git reset -q --hard HEAD~1
	stops git push origin other
	stops git commit --allow-empty -m "token $token"
	echo clean >clean
	git add clean
	git commit -q -m clean >"$work/out" 2>&1
	git push -q origin main >"$work/out" 2>&1
	echo "$manager: stops a file, a message and a push; doctor says guarded"
}

start husky husky@9
npx husky
instructions | while IFS= read -r line; do
	printf '%s\n' "${line#*: }" >"${line%%: *}"
done
check

start lefthook lefthook@2
cat >lefthook.yml <<'YAML'
pre-commit:
  commands:
    true:
      run: "true"
YAML
npx lefthook install >"$work/out" 2>&1
instructions >"$work/lines"
grep -v '^\.lefthook/' "$work/lines" >lefthook.yml
grep '^\.lefthook/' "$work/lines" | while IFS= read -r line; do
	mkdir -p "$(dirname "${line%%: *}")"
	printf '%s\n' "${line#*: }" >"${line%%: *}"
done
npx lefthook install >"$work/out" 2>&1
check

start simple-git-hooks simple-git-hooks@2
cat >simple-git-hooks.json <<'JSON'
{ "pre-commit": "true" }
JSON
npx simple-git-hooks >"$work/out" 2>&1
{
	echo '{'
	instructions
	echo '}'
} >simple-git-hooks.json
npx simple-git-hooks >"$work/out" 2>&1
check
