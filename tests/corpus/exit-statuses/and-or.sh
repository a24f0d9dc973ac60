# && and || and ! from left to right.
true && echo 1; false && echo 2; true || echo 3; false || echo 4
true && false || echo 5; false && true || echo 6; false || true && echo 7
! true; echo $?; ! false; echo $?
(exit 5) || echo "was $?"
(exit 5) && echo never || echo "still $?"
true && (exit 7); echo $?
