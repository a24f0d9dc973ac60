# Reads lines and fields by read, with its options.
printf 'a:b:c\nd::f\n' >f
while IFS=: read x y z; do echo "[$x][$y][$z]"; done <f
printf '  lead and trail  \n' | { read l; echo "[$l]"; }
printf '  lead and trail  \n' | { IFS= read -r l; echo "[$l]"; }
printf 'back\\slash\\\ncontinued\n' | { read l; echo "$l"; }
printf 'back\\slash\\\nnot continued\n' | { read -r l; echo "$l"; read -r l; echo "$l"; }
printf 'one two three four' | { read a b; echo "$a|$b"; }
printf 'no newline' | { read x; echo "$? $x"; }
printf 'abcdef' | { read -n 3 x; echo "$x"; read -n 2 x; echo "$x"; }
printf 'a;b;c' | while read -d ';' x; do echo "$x"; done
: | { read x; echo "$?:$x:"; }
read -t 1 x </dev/null; echo "status $?"
(sleep 0.3) | { read -t 0.05 x; echo "timed out: $?"; } | sed 's/: [1-9].*/: nonzero/'
