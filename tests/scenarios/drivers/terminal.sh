for rows in 24 25 26; do
    stty rows $rows columns 80 </dev/ttyS0
    stty size </dev/ttyS0
    echo "a line of $rows rows" >/dev/ttyS0
done
stty -echo </dev/ttyS0
stty -a </dev/ttyS0 | grep -c -- -echo
stty echo </dev/ttyS0
