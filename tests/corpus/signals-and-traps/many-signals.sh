# Hundreds of signals to a trap, each heard because the shell signals itself.
n=0; trap 'n=$((n + 1))' USR1
i=0; while [ $i -lt 200 ]; do kill -USR1 $$; i=$((i + 1)); done
echo $n
