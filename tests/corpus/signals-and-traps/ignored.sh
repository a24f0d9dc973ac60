# Ignored signals stay ignored in programs that are started.
trap '' USR1; kill -USR1 $$; echo "not heard"
sh -c 'kill -USR1 $$; echo "nor by a child"'
sh -c 'trap "echo no" USR1; kill -USR1 $$; echo "ignored at entry"'
trap - USR1
(trap '' INT; sh -c 'kill -INT $$; echo alive')
nohup sh -c 'kill -HUP $$; echo "no hang-up"' 2>/dev/null
