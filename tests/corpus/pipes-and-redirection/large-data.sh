# Moves more than a pipe holds, in both directions of speed.
seq 1 40000 | md5sum
head -c 300000 /dev/zero | tr '\0' 'a' | wc -c
head -c 200000 /dev/zero | { head -c 1000 | wc -c; cat | wc -c >rest; [ -s rest ] && echo "rest counted"; }
head -c 150000 /dev/zero | (sleep 0.1; wc -c)
(sleep 0.1; echo late) | cat
{ head -c 70000 /dev/zero; echo; head -c 70000 /dev/zero; } | dd bs=1000 2>/dev/null | wc -c
x=$(seq 1 5000)
echo "${#x}"
echo "$x" | tail -n 1
