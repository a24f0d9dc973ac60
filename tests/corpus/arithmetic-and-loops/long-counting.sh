# A loop of twenty thousand turns in the shell itself.
i=0; sum=0
while [ $i -lt 20000 ]; do
    i=$((i + 1))
    [ $((i % 3)) -eq 0 ] && continue
    sum=$((sum + i))
done
echo $i $sum
