# Sends numbers through eight processes.
seq 1 500 | grep -v 3 | sed 's/$/ x/' | awk '{ s += $1; print $1, s }' | sort -rn | tail -n 20 | tac | head -n 5
echo "status $?"
seq 1 5000 | cat | cat | cat | cat | cat | cat | tail -n 1
echo a | (read x; echo "[$x]"; (read y || echo "no second line"))
echo "1 2 3" | tr ' ' '\n' | while read n; do echo $((n * n)); done | paste -s -d+ - | bc
printf 'b\na\nc\n' | { sort; echo end; } | tr '\n' ' '
echo
count=0
seq 1 3 | while read n; do count=$((count + n)); done
echo "the loop ran in another process: $count"
