# The sieve by trial division, with nested loops and breaks out of two levels.
n=2; found=0; list=
while :; do
    d=2
    while [ $((d * d)) -le $n ]; do
        if [ $((n % d)) -eq 0 ]; then n=$((n + 1)); continue 2; fi
        d=$((d + 1))
    done
    list="$list $n"; found=$((found + 1)); n=$((n + 1))
    [ $found -ge 60 ] && break
done
echo $list
for a in 1 2 3; do for b in 1 2 3; do [ $a$b = 22 ] && break 2; echo $a$b; done; done
