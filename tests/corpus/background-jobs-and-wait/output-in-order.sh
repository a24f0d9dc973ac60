# Jobs that wait for each other by fifos print in a fixed order.
mkfifo a b c
exec 3<>a 4<>b 5<>c
(read x <&3; echo "second $x"; echo go >&4) &
(read x <&4; echo "third $x"; echo go >&5) &
echo first; echo go >&3
wait; read x <&5; echo "fourth $x"
