# Redirections work from left to right.
both() { echo out; echo err >&2; }
both >f 2>&1; cat f; echo --
both 2>&1 >f | sed 's/^/piped: /'; cat f; echo --
both >f 2>g; cat g f; echo --
both 3>&1 1>&2 2>&3 3>&- 2>/dev/null | cat; echo --
{ both; } 2>&1 | sort; echo --
both >/dev/null 2>&1; echo "status $?"
>g both 2>f; cat f g; echo --
both &>all; sort all
echo x >f >g; wc -c <f; cat g
cat <f <g
