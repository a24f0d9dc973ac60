# exit in subshells, pipes, traps and sourced files.
(exit 3); echo $?
echo x | (read y; exit 4); echo $?
sh -c 'trap "echo bye; exit 9" EXIT; exit 2'; echo $?
sh -c 'trap "echo bye" EXIT; exit 2'; echo $?
echo 'exit 6' >s; sh -c '. ./s; echo never'; echo $?
sh -c 'exec sh -c "exit 11"'; echo $?
sh -c 'f() { exit 13; }; f; echo never'; echo $?
