# wait without arguments waits for every child.
for n in 1 2 3 4 5; do (sleep 0.0$((6 - n)); echo $n >f$n) & done
wait; echo "status $?"
cat f1 f2 f3 f4 f5
wait; echo "none left: $?"
