#!/usr/bin/env bash
# The wider context of `kontor loadtest`: the least SQL that a session start and an order could be,
# by pgbench with prepared statements. Usage: pgbench.sh URL [seconds]; the URL's database must be
# one that may be filled and thrown away.
set -euo pipefail

url=$1 seconds=${2:-4}
here=$(dirname "$0")
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --file "$here/schema.sql" "$url"
printf '%-28s %10s %10s\n' 'pgbench, prepared (tx/s)' '8 clients' '32 clients'
for shape in session order hot; do
  printf '%-28s' "  $shape"
  for clients in 8 32; do
    tps=$(pgbench --no-vacuum --protocol prepared --client "$clients" --jobs 2 --time "$seconds" --file "$here/$shape.sql" "$url" |
      awk '/^tps/ { printf "%.0f", $3 }')
    printf ' %10s' "$tps"
  done
  printf '\n'
done
