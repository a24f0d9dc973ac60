# Traps are reset in subshells and programs.
trap 'echo parent' USR1
sh -c 'trap; echo program'
(trap 'echo child' USR1; sh -c 'exit 4'; echo "child goes on $?")
kill -USR1 $$; echo end
