# One producer and one consumer over a pipe, and a second pair through a named one.
mkfifo p
exec 3<>p
(while read n; do [ $n = end ] && break; echo $n; done <&3 >out) &
seq 1 500 >&3; echo end >&3; wait
sort -n out | uniq | wc -l
awk '{ s += $1 } END { print s }' out
seq 1 500 | while read n; do echo $((n % 7)); done | sort | uniq -c
