# Dividing by zero ends the shell that does it, not its parent.
(echo $((1 / 0)); echo "not reached"); echo "status $?"
(x=0; echo $((5 % x)); echo "not reached"); echo "status $?"
expr 1 / 0; echo "status $?"
echo 'puts "on"' | sed 's/puts/went/'
