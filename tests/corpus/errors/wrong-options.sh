# Tools refuse options and values that they do not know.
cat -Q x 2>/dev/null; echo $?
ls --no-such-option 2>/dev/null; echo $?
head -n x /dev/null; echo $?
tail -n 1 missing; echo $?
test 1 -foo 2; echo $?
[ 1 = 1; echo $?
chmod 999 /dev/null; echo $?
