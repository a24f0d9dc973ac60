# exit passes 0 to 255, and the last command's status without an argument.
for n in 0 1 2 42 127 128 200 254 255; do sh -c "exit $n"; printf '%s ' $?; done; echo
sh -c 'exit 256'; echo $?
sh -c 'exit 300' ; echo $?
sh -c 'false; exit'; echo $?
sh -c 'true'; echo $?
sh -c 'exit x' 2>/dev/null; echo $?
