# wait answers the status of the process that it names.
(exit 3) & a=$!
(exit 4) & b=$!
wait $b; echo $?
wait $a; echo $?
true & wait $!; echo $?
sh -c 'exit 200' & wait $!; echo $?
