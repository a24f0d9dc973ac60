# wait refuses what is no child, and says 127.
wait 99999; echo $?
(exit 5) & p=$!; wait $p; echo $?
wait 1 2>/dev/null; echo $?
wait x 2>/dev/null; echo "status $?"
