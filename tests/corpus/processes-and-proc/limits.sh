# Limits of a process and of its children.
ulimit -n 50; ulimit -n; sh -c 'ulimit -n'
(ulimit -n 20; ulimit -n); ulimit -n
ulimit -c 0; ulimit -c
(ulimit -v 100000; ulimit -v)
(ulimit -s 4096; ulimit -s)
