#!/bin/sh
# Runs every fuzz test for the given time each (10m, 30s, …), all of them even if one fails.
# What fails is kept by Go under the package's testdata/fuzz and is a test from then on: commit it.
set -u
cd "$(dirname "$0")/.." || exit 1
time=${1:-1m}
failed=0
found=$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u)
for package in $found; do
	for name in $(grep -h '^func Fuzz' "$package"/*_test.go | sed -E 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/'); do
		echo "fuzz $package $name for $time"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$package" || failed=1
	done
done
exit $failed
