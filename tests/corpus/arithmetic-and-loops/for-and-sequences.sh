# for over words, fields, sequences and arguments.
for w in one "two words" three; do echo "<$w>"; done
for n in $(seq 5 -2 -3); do printf '%s ' $n; done; echo
IFS=:; for f in a:b::c; do echo "<$f>"; done; path=x:y:z
for f in $path; do echo "<$f>"; done; unset IFS
set -- p q r; for a; do echo $a; done; for a in; do echo never; done
seq -w 8 11; seq -s, 1 5; seq 0.5 0.5 2
until [ $# -eq 0 ]; do echo $1; shift; done
