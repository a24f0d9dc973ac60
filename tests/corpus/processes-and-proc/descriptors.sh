# Open descriptors of a process.
echo x >f; exec 5<f 6>g
[ -e /proc/$$/fd/5 ] && [ -e /proc/$$/fd/6 ] && echo open
readlink /proc/$$/fd/5 | sed 's|.*/||'
readlink /proc/$$/fd/6 | sed 's|.*/||'
exec 5<&- 6>&-
[ -e /proc/$$/fd/5 ] || echo closed
true | { readlink /proc/self/fd/0 | sed 's/[0-9]//g'; }
