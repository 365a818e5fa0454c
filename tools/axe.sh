#!/bin/sh
# Prints where axe.min.js of axe-core is (accessibility checks, MPL-2.0; run in the tests' browser, no
# part of Kontor). npm brings it once into the user's cache, in the version and with the content named
# here. Where that can't be done, it says so and prints nothing: the tests then keep to their own rules.
set -eu

version=4.14.1
sha256=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
file=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/kontor/axe-core-$version.min.js

not_run() {
	echo "axe-core: NOT run on the pages, $1" >&2
	exit
}

if [ ! -s "$file" ]; then
	command -v npm >/dev/null || not_run 'there is no npm here'
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	(cd "$work" && timeout 120 npm pack --silent "axe-core@$version" >/dev/null 2>&1) || not_run "npm can't bring axe-core@$version"
	mkdir -p "${file%/*}" 2>/dev/null && tar -xzOf "$work/axe-core-$version.tgz" package/axe.min.js >"$work/min.js" &&
		mv "$work/min.js" "$file.$$" && mv "$file.$$" "$file" || not_run "$file can't be written"
fi
if ! echo "$sha256  $file" | sha256sum -c --status; then
	echo "axe-core: $file is not what it should be: remove it, and see why if that happens again" >&2
	exit 1
fi
echo "axe-core $version: looks at every page" >&2
echo "$file"
