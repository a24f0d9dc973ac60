# The longest Collatz sequence below a bound, in one awk process and in the shell.
awk 'BEGIN { for (n = 1; n < 3000; n++) { c = 0; for (m = n; m != 1; c++) m = m % 2 ? 3 * m + 1 : m / 2; if (c > best) { best = c; who = n } } print who, best }'
best=0
n=1
while [ $n -lt 60 ]; do
    m=$n; c=0
    while [ $m -ne 1 ]; do if [ $((m % 2)) -eq 0 ]; then m=$((m / 2)); else m=$((3 * m + 1)); fi; c=$((c + 1)); done
    [ $c -gt $best ] && best=$c && who=$n
    n=$((n + 1))
done
echo $who $best
