# Tools that answer by their status.
grep -q x /dev/null; echo $?
echo x | grep -q x; echo $?
grep x missing 2>/dev/null; echo $?
echo a >a; echo b >b; cmp -s a b; echo $?; diff -q a a; echo $?; diff a b >/dev/null; echo $?
diff a missing 2>/dev/null; echo $?
expr 0; echo $?; expr 1; echo $?; expr '' ; echo $?
which sh >/dev/null; echo $?; which nothing-such; echo $?
sh -c 'type cd' >/dev/null; echo $?; command -v nothing-such; echo $?
