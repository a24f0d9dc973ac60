# Arguments of a process as /proc shows them.
sh -c 'tr "\0" "\n" </proc/$$/cmdline; :' name one "two words" ''
sleep 7 & p=$!
while [ "$(cut -d ' ' -f 2 /proc/$p/stat)" != '(sleep)' ]; do :; done
tr '\0' '|' </proc/$p/cmdline; echo; cat /proc/$p/comm; kill $p
[ -n "$(readlink /proc/self/exe)" ] && echo "a program"
