#!/bin/sh
# Shows leakgate at work: in a throw-away repository, a commit that would leak two secrets, made up
# a moment before, is stopped. Ends with status 0 if and only if leakgate did stop it.
#
# usage: sh tests/try-it.sh [CARGO-PROFILE]    the profile is release if none is given
set -eu

profile=${1:-release}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
repository=$(mktemp -d)
trap 'rm -rf -- "$repository"' EXIT
trap 'exit 130' INT TERM

# The caller's git settings and this repository keep out of each other's way.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

leakgate() {
    cargo run --quiet --profile "$profile" --manifest-path "$root/Cargo.toml" -- "$@"
}

random() {
    LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c "$1"
}

cargo build --profile "$profile" --manifest-path "$root/Cargo.toml"

cd "$repository"
git init --quiet .
git config core.hooksPath .git/hooks
git config user.name 'Somebody in a hurry'
git config user.email somebody@example.com
{
    printf 'STRIPE_API_KEY = "%s_%s"\n' sk_live "$(random 24)"
    printf 'DATABASE_URL = "postgres://shop:%s@db.internal/shop"\n' "$(random 20)"
} >settings.py
git add settings.py
leakgate install >/dev/null

printf '\n$ git commit -m "Take payments"\n'
if git commit --quiet -m 'Take payments'; then
    echo 'leakgate let the commit pass: this is a bug' >&2
    exit 1
fi

# A hook that fails for any other reason stops a commit as well; the exit status tells them apart.
status=0
leakgate staged --quiet >/dev/null || status=$?
if [ "$status" -ne 1 ]; then
    echo "leakgate ended with status $status where 1, for findings, was expected" >&2
    exit 1
fi
printf '\nThe commit was stopped, as it should be. Nothing of it is left: the repository was a throw-away.\n'
