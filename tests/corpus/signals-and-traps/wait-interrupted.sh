# A trapped signal interrupts wait, whose status is over 128.
trap 'echo trapped' USR1
sleep 30 & p=$!
(sleep 0.1; kill -USR1 $$) &
wait $p; s=$?; [ $s -gt 128 ] && echo interrupted $s
kill $p; wait $p 2>/dev/null; echo $?
