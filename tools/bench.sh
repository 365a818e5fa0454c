#!/usr/bin/env bash
# The whole measurement, in ten to fifteen minutes on two cores: the packages' benchmarks, OCI searches over
# 200,000 products, then set-ups, OCI starts and returns and orders over HTTP beside their bare statements on SQLite and on PostgreSQL, then the least SQL
# of such shapes by pgbench. `make bench` calls it; docs/benchmarks.md says how to read it.
#
# KONTOR_BENCH_SLICE (2s) and KONTOR_BENCH_ROUNDS (3) are how long and how often each side works.
set -euo pipefail
cd "$(dirname "$0")/.."

# A server that flushes, as installations do; the tests' own does not.
if [[ -z ${KONTOR_BENCH_SERVER:-} ]]; then
  unset KONTOR_TEST_POSTGRES_URL
  KONTOR_BENCH_SERVER=private exec go run ./dbtest/pgserver -durable "$0" "$@"
fi
export KONTOR_TEST_POSTGRES_URL

# On /var/tmp, because /tmp may be memory, where flushing costs nothing.
work=$(mktemp -d /var/tmp/kontor-bench-XXXXXX)
trap 'rm -rf "$work"' EXIT
go build -o "$work/kontor" ./cmd/kontor
slice=${KONTOR_BENCH_SLICE:-2s} rounds=${KONTOR_BENCH_ROUNDS:-3}

printf '== this machine: %s cores, %s; load before: %s\n' "$(nproc)" "$(go version | cut -d' ' -f3-4)" "$(cut -d' ' -f1-3 /proc/loadavg)"

printf '\n== packages\n'
go test -p 1 -run '^$' -bench . -benchmem -benchtime "${KONTOR_BENCHTIME:-1s}" ./money ./cxml ./credit | grep -E '^(Benchmark|pkg|FAIL|---)'

printf '\n== OCI searches\n'
go test -run '^$' -bench OCIBackgroundSearch -benchtime 20x -timeout 10m ./procurement | grep -E '^(Benchmark|FAIL|---)'

load() {
  printf '\n== %s\n' "$1"
  "$work/kontor" loadtest --database "$2" --slice "$slice" --rounds "$rounds"
  "$work/kontor" loadtest --database "$2" --slice "$slice" --rounds "$rounds" --attack 100 --buyers 10
}
load sqlite "sqlite:$work/kontor.db"
load postgres "$KONTOR_TEST_POSTGRES_URL"

if command -v pgbench >/dev/null && command -v psql >/dev/null; then
  printf '\n== the least SQL\n'
  tools/bench/pgbench.sh "$KONTOR_TEST_POSTGRES_URL" 4
fi
