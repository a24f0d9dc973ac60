# What a job changes, only the job sees.
x=1; (x=2; echo in $x) & wait; echo out $x
{ x=3; cd /; pwd; } & wait; echo $x; [ "$(pwd)" != / ] && echo "still here"
f() { x=4; echo "f $x"; }; f & wait; echo $x; f; echo $x
