# A job in the background of a script reads from /dev/null.
echo data | { cat & wait; echo end; }
cat & wait $!; echo $?
{ read x; echo "got <$x>"; } & wait
echo "from a file" >f
(read x <&3; echo "got $x") 3<f &
wait
