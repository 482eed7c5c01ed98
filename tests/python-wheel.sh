#!/bin/sh
# Builds the Python wheel, installs it with pip in a fresh environment, and runs what is in it:
# by hand, as an installed hook, and through pre-commit's `language: python`. Needs git, cargo,
# python3 and the network.
#
#     sh tests/python-wheel.sh            # a debug build, which is quick
#     sh tests/python-wheel.sh --release  # what is published
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/build"
"$work/build/bin/pip" install --quiet maturin pre-commit
"$work/build/bin/maturin" build --quiet --out "$work/wheels" "$@"

# Nothing but the wheel: no index, no Rust, no leakgate that is here already.
python3 -m venv "$work/fresh"
"$work/fresh/bin/pip" install --quiet --no-index --find-links "$work/wheels" leakgate
leakgate=$work/fresh/bin/leakgate
"$leakgate" --version
"$work/fresh/bin/pip" show leakgate | grep -q '^License: MIT OR Apache-2.0$'

export PATH="$work/fresh/bin:/usr/bin:/bin" GIT_CONFIG_NOSYSTEM=1
export GIT_CONFIG_GLOBAL="$work/gitconfig"
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=A
export GIT_COMMITTER_EMAIL=a@example.com PRE_COMMIT_HOME="$work/cache"
git init -q "$work/repo"
cd "$work/repo"
"$leakgate" install
"$leakgate" doctor
ln -s /etc/passwd link
git add link
if git commit -q -m link; then
	echo "the installed hook did not stop a link that leads out of the repository"
	exit 1
fi
"$leakgate" uninstall

# The framework makes an environment of its own for the hook, from the wheel.
cat >.pre-commit-config.yaml <<YAML
repos:
  - repo: local
    hooks:
      - id: leakgate
        name: leakgate
        entry: leakgate hook pre-commit
        language: python
        additional_dependencies: ["leakgate @ file://$(echo "$work"/wheels/*.whl)"]
        always_run: true
        pass_filenames: false
YAML
git add .pre-commit-config.yaml
"$work/build/bin/pre-commit" install >"$work/out"
if git commit -q -m link >"$work/out" 2>&1 || ! grep -q link-absolute "$work/out"; then
	cat "$work/out"
	echo "the framework's hook did not stop a link that leads out of the repository"
	exit 1
fi
git rm -q --cached link
git commit -q -m clean
"$leakgate" uninstall
echo "the wheel works"
