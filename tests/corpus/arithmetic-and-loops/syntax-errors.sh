# Expressions that are none.
(echo $((1 +)) ); echo "status $?"
(echo $((2 3)) ); echo "status $?"
(echo $((a b)) ); echo "status $?"
expr 1 + ; echo "status $?"
expr a + 1; echo "status $?"
expr 3 \* 4 + 1; expr length hello; expr substr hello 2 3; expr index hello l; expr hello : 'h\(.*\)o'
