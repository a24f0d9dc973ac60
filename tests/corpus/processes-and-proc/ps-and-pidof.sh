# ps and pidof find a process by its name.
sleep 33 & p=$!
until [ "$(cat /proc/$p/comm)" = sleep ]; do sleep 0.01; done
ps -o pid,args | awk -v p=$p '$1 == p { print $2, $3 }'
ps -o pid,ppid,comm | awk -v p=$p -v q=$$ '$1 == p { print ($2 == q), $3 }'
pidof sleep | tr ' ' '\n' | grep -c "^$p\$"
kill $p; wait $p 2>/dev/null
ps | head -n 1 | awk '{ print $1 }'
