#!/bin/sh
# Brings what the tests need beside Go: a PostgreSQL server, a Chromium, xmllint and a C compiler
# (for the race detector). What is there already is left alone; without anything missing it takes
# no time and no rights. It never lets the tests go on without one: that would hide a broken rule.
set -eu

postgres_version=15 # the first with ICU as a cluster's default; dbtest/cluster says the same

have_postgres() {
	for server in /usr/lib/postgresql/*/bin/postgres; do # Debian keeps it outside PATH
		version=${server#/usr/lib/postgresql/}
		version=${version%%/*}
		if [ -x "$server" ] && [ "${version%%.*}" -ge "$postgres_version" ]; then return 0; fi
	done
	command -v postgres >/dev/null && command -v initdb >/dev/null
}

have_chromium() {
	for name in chromium chromium-browser google-chrome google-chrome-stable; do
		if command -v "$name" >/dev/null; then return 0; fi
	done
	return 1
}

missing() {
	have_postgres || printf ' postgresql'
	have_chromium || printf ' chromium'
	command -v xmllint >/dev/null || printf ' libxml2-utils'
	command -v gcc >/dev/null || printf ' gcc libc6-dev'
}

# Debian makes and starts a cluster of its own when a server is installed. The tests start theirs,
# so that one would only hold a port and memory. One setting of the file changes, the rest is the
# administrator's.
no_cluster_of_its_own() {
	conf=$1
	if grep -Eq '^[[:space:]]*create_main_cluster[[:space:]]*=' "$conf"; then
		sed -i -E 's/^[[:space:]]*create_main_cluster[[:space:]]*=.*/create_main_cluster = false/' "$conf"
	else
		printf '\n# Set by tools/need.sh of Kontor: its tests start a server of their own.\ncreate_main_cluster = false\n' >>"$conf"
	fi
}

# install runs as root.
install() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	case " $* " in
	*" postgresql "*)
		# First the package that owns the setting, then the one that reads it.
		apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
		no_cluster_of_its_own /etc/postgresql-common/createcluster.conf
		;;
	esac
	apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

give_up() {
	printf 'The tests need packages that are missing:%s\n%s\n\n    %s\n\n' "$1" "$2" "apt-get update && apt-get install -y$1" >&2
	exit 1
}

if [ "${1:-}" = install ]; then
	shift
	install "$@"
	exit
fi

packages=$(missing)
if [ -z "$packages" ]; then exit 0; fi
if ! command -v apt-get >/dev/null; then
	give_up "$packages" 'This system has no apt-get. Install what corresponds to this on Debian:'
fi
echo "installing what the tests need:$packages" >&2
if [ "$(id -u)" = 0 ]; then
	# shellcheck disable=SC2086 # a list of names
	sh "$0" install $packages || give_up "$packages" 'Installing them failed. Run as root and see why:'
elif command -v sudo >/dev/null; then
	# shellcheck disable=SC2086 # a list of names
	sudo -- sh "$0" install $packages || give_up "$packages" 'sudo did not install them. Run as root:'
else
	give_up "$packages" 'This is neither root nor is there sudo. Run as root:'
fi
packages=$(missing)
if [ -n "$packages" ]; then
	give_up "$packages" "Installed, but still not found (a PostgreSQL older than $postgres_version does not count). Run as root, from a newer release:"
fi
