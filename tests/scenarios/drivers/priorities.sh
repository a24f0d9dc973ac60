sleep 20 &
for more in 3 6 9; do
    renice -n 3 -p $!
    read -r line </proc/$!/stat
    set -- $line
    echo "${19}"
done
kill $!
