# A recursive function, each call in a process of its own.
fib() { if [ $1 -lt 2 ]; then echo $1; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
for n in 0 1 2 5 8; do fib $n; done
