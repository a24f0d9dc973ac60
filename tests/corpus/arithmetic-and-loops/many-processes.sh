# Three hundred processes, one after the other.
i=0
while [ $i -lt 300 ]; do
    /bin/true || echo failed
    (exit $((i % 7))) ; [ $? -eq $((i % 7)) ] || echo wrong
    i=$((i + 1))
done
echo $i
