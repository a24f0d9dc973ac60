# A process and its parent in the shell and in /proc.
[ -d /proc/$$ ] && echo there
[ "$(sed -n 's/^Pid:[^0-9]*//p' /proc/$$/status)" = $$ ] && echo "its own number"
sh -c '[ $PPID = '$$' ] && echo "its parent"'
sh -c 'read pid comm state ppid rest </proc/$$/stat; [ $pid = $$ ] && echo $comm $state; [ $ppid = $PPID ] && echo parent'
[ -d /proc/self ] && [ ! -d /proc/99999999 ] && echo "only who lives"
(sleep 5 & p=$!; [ -d /proc/$p ] && echo started; kill $p; wait $p 2>/dev/null; [ -d /proc/$p ] || echo gone)
