# A child that a signal ended shows 128 and the signal.
sleep 100 & p=$!; kill $p; wait $p 2>/dev/null; echo $?
sleep 100 & p=$!; kill -KILL $p; wait $p 2>/dev/null; echo $?
sleep 100 & p=$!; kill -HUP $p; wait $p 2>/dev/null; echo $?
sleep 100 & p=$!; kill -USR1 $p; wait $p 2>/dev/null; echo $?
sh -c 'kill -ALRM $$' 2>/dev/null; echo $?
