# STOP and CONT: nothing moves in between.
(n=0; while [ $n -lt 1000 ]; do n=$((n + 1)); echo $n >new; mv new count; sleep 0.01; done) & p=$!
while [ ! -s count ]; do sleep 0.01; done
kill -STOP $p; sleep 0.1; a=$(cat count); sleep 0.2; b=$(cat count)
[ "$a" = "$b" ] && echo "it stands"
kill -CONT $p; until [ "$(cat count)" != "$a" ]; do sleep 0.01; done; echo "it goes on"
kill $p; wait $p 2>/dev/null; echo $?
