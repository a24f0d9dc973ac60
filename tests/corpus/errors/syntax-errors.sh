# Scripts that do not parse end with 2 before they do anything.
sh -c 'if true; then' ; echo $?
sh -c 'for; do' ; echo $?
sh -c 'echo "open' ; echo $?
sh -c 'echo )' ; echo $?
sh -c 'case x in' ; echo $?
sh -c 'fi' ; echo $?
eval 'echo one; echo two' ; echo $?
sh -n -c 'echo never'; echo $?
