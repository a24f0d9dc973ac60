# sleep is not cut short by signals that nobody hears.
start=$(date +%s); sleep 1; end=$(date +%s); [ $((end - start)) -ge 1 ] && echo "a second"
sleep 0.3 & p=$!; kill -CHLD $p; kill -CONT $p; wait $p; echo $?
sleep 0.2 & p=$!; kill -STOP $p; kill -CONT $p; wait $p; echo $?
usleep 1000; echo $?
sleep x 2>/dev/null; echo $?
sleep 0; echo $?
