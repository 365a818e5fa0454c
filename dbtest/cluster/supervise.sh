# $1 is the directory to remove at the end, the rest is the server's command line.
# Standard input is a pipe that only the starting process holds: its end is that process's end.
dir=$1
shift
"$@" </dev/null >"$dir/log" 2>&1 &
server=$!
keep=
while read -r line; do keep=$line; done
# Immediate shutdown: the data is thrown away with the directory.
kill -QUIT "$server" 2>/dev/null
wait "$server"
[ "$keep" = keep ] || rm -rf "$dir"
