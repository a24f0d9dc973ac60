# A pipeline in the background is one job whose status is that of its end.
seq 1 100 | grep 7 | wc -l >count & wait $!; cat count
true | false & wait $!; echo $?
false | true & wait $!; echo $?
(seq 1 5 | while read n; do echo $((n * n)); done >squares) & wait; cat squares
