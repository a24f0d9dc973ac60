# kill: names, numbers, several targets, nobody.
sleep 20 & a=$!; sleep 20 & b=$!; kill $a $b; wait $a 2>/dev/null; echo $?; wait $b 2>/dev/null; echo $?
kill -0 $$ && echo alive
kill -0 99999999 2>/dev/null; echo $?
kill 99999999 2>/dev/null; echo $?
kill -l | head -n 3 | wc -l
sleep 20 & kill -9 $!; wait $! 2>/dev/null; echo $?
