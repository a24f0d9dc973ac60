# Opens files for writing, appending, reading and both.
echo one >f
echo two >>f
echo three >>f
cat f
: >f
wc -c <f
echo again >>new; cat new
(echo a; echo b; echo c) >multi; wc -l <multi
printf '12345' >rw
exec 3<>rw
read -n 2 two <&3; echo "$two"
printf 'X' >&3
exec 3>&-
cat rw; echo
set -C
echo no >rw; echo "status $?"
echo yes >|rw; cat rw
set +C
echo w >rw; cat rw
