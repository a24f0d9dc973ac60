# test and [ answer 0, 1, or 2 for what they do not understand.
: >empty; echo x >full; mkdir d; ln -s full l
t() { test "$@"; printf '%s ' $?; }
t -e full; t -f d; t -d d; t -s empty; t -s full; t -L l; t -h full; t -r full; t -p full; echo
t a = a; t a != a; t -z ''; t -n ''; t 1 -lt 2; t 2 -le 1; t 3 -eq 03; t 1 -ne 1; t 5 -gt 4; t 5 -ge 6; echo
t; t ''; t x; t ! x; t ! ''; t x -a ''; t x -o ''; t \( x \); echo
test 1 -lt x 2>/dev/null; echo $?
test full -nt missing; echo $?; test full -ef l; echo $?
