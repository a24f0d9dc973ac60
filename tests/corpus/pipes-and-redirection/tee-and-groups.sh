# Splits a stream into several files and pipes.
seq 1 10 | tee a b | tail -n 1
cmp a b && wc -l <a
echo more | tee -a a >/dev/null; tail -n 1 a
mkfifo p; wc -l <p >count & seq 1 100 | tee p | md5sum; wait; cat count
{ echo 1; echo 2 >&2; echo 3; } 2>e | tee o >/dev/null; cat o e
( exit 3 ) | cat; echo "status $?"
{ { echo data; echo problem >&2; } 2>&1 >&3 | sed 's/^/E: /' >errors; } 3>&1; cat errors
echo x | tee /dev/full >copy; echo "status $?"; cat copy
echo y | tee no/such/dir; echo "status $?"
