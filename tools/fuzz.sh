#!/bin/sh
# Runs every fuzz test, one after the other, all of them even if one fails. The reader of
# documents, those of messages in parts and of OCI and the return pages get the first time (1h, 10m, 30s, …),
# the others the second or the same.
# What fails is kept by Go under the package's testdata/fuzz and is a test from then on: commit it.
set -u
cd "$(dirname "$0")/.." || exit 1
long=${1:-1m}
short=${2:-$long}
failed=0
found=$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u)
for package in $found; do
	for name in $(grep -h '^func Fuzz' "$package"/*_test.go | sed -E 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/'); do
		case $name in
		FuzzRead | FuzzUnpack | FuzzMultipart | FuzzReturnPage | FuzzOCIReturnPage | FuzzReadCart | FuzzReadStart) time=$long ;;
		*) time=$short ;;
		esac
		echo "fuzz $package $name for $time"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -timeout 0 "$package" || failed=1
	done
done
exit $failed
