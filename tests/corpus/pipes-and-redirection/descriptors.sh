# Opens, duplicates, moves and closes descriptors above 2.
printf '1\n2\n3\n4\n' >in
exec 3<in 4>out
read a <&3; read b <&3
echo "$a $b" >&4
exec 5<&3
read c <&5; read d <&3
echo "$c $d" >&4
exec 3<&- 4>&- 5<&-
cat out
exec 6>&1 >log
echo "to the log"
echo "to the terminal" >&6
exec 1>&6 6>&-
cat log
{ echo three >&3; echo four >&4; } 3>x 4>y; cat y x
echo nothing 2>/dev/null >&7; echo "status $?"
cat <&8 2>/dev/null; echo "status $?"
exec 9<missing || echo "not reached"
echo "nor this"
