# SIGPIPE, trapped and by default.
sh -c 'yes; echo "never"' | head -n 1
(trap 'echo trapped >t' PIPE; n=0; while [ $n -lt 2000 ]; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; n=$((n + 1)); [ -e t ] && break; done) 2>/dev/null | true
cat t
