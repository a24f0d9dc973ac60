# Runs programs whose standard streams are closed or full.
echo hi >&-; echo "status $?"
cat <&-; echo "status $?"
(exec 2>&-; ls missing; echo "status $?")
(exec <&-; read x; echo "status $?")
ls /dev/null >&-; echo "status $?"
echo full >/dev/full; echo "status $?"
seq 1 3 >/dev/full; echo "status $?"
printf x >/dev/full; echo "status $?"
cat /dev/null >/dev/full; echo "status $?"
dd if=/dev/zero of=/dev/full bs=10 count=1 2>/dev/null; echo "status $?"
sort </dev/null >/dev/full; echo "status $?"
(exec 1>&- 2>&-; : >made; echo x) ; ls made
