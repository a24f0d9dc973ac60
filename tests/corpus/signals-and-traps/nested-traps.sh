# A trap that signals, and a trap that replaces itself.
trap 'echo outer; kill -USR2 $$; echo "outer ends"' USR1
trap 'echo inner' USR2
kill -USR1 $$; echo after
trap 'trap "echo second" USR1; echo first' USR1
kill -USR1 $$; kill -USR1 $$
f() { trap 'echo "in f: $x"' USR1; x=7; kill -USR1 $$; }; f
trap 'echo "status $?"; true' USR1; false; kill -USR1 $$; (exit 4); kill -USR1 $$
