# Forty jobs at once, each with its own status.
n=0; pids=
while [ $n -lt 40 ]; do (sleep 0.01; exit $n) & pids="$pids $!"; n=$((n + 1)); done
sum=0; for p in $pids; do wait $p; sum=$((sum + $?)); done; echo $sum
