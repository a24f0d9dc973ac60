# Compares files by lines and bytes, and trees by names.
seq 1 10 >a; sed -e 's/5/five/' -e '8d' a >b
diff -L a -L b a b; echo "status $?"
diff -q a b; diff a a; echo "status $?"
diff -U 1 -L a -L b a b
printf 'x  y\n' >s1; printf 'x y\n' >s2; diff -b s1 s2; echo "status $?"; diff -q -w s1 s2; echo "status $?"
printf 'A\n' >u; printf 'a\n' >l; diff -i u l; echo "status $?"
mkdir d e; cp a d/f; cp b e/f; echo o >d/only; diff -rq d e; echo "status $?"; diff -rN -q d e
cmp a b; echo "status $?"; cmp -s a a; echo "status $?"; cmp -l a b | head -n 2
printf abc >x; printf abcd >y; cmp x y; echo "status $?"
diff a missing; echo "status $?"; cmp a missing; echo "status $?"
printf 'no newline' >n; diff -L n -L o n /dev/null
