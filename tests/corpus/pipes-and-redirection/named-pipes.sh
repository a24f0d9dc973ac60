# Talks through fifos: writer and reader wait for each other.
mkfifo p q
stat -c %F p
echo hello >p &
cat p
wait
(while read line; do echo "got $line"; done <p >q) &
cat q >answers &
exec 3>p
echo one >&3; echo two >&3
exec 3>&-
wait
cat answers
seq 1 3000 >p & md5sum <p; wait
mkfifo p; echo "status $?"
rm p q; ls
mknod r p && [ -p r ] && echo "mknod makes one as well"
