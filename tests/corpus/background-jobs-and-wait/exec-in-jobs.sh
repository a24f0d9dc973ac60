# A job that becomes another program keeps its number.
sh -c 'echo $$ >a; exec sh -c "echo \$\$ >b"' & p=$!; wait $p
cmp a b && [ "$(cat a)" = $p ] && echo same
(exec sleep 0) & wait $!; echo $?
(exec no-such-program) 2>/dev/null & wait $!; echo $?
nohup true >/dev/null 2>&1; echo $?
