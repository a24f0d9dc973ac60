# 128 and the signal's number when a command dies of it.
for s in HUP INT KILL TERM USR1 USR2 ALRM; do
    sh -c "kill -$s \$\$; sleep 1" 2>/dev/null; printf '%s %s\n' $s $?
done
sh -c 'kill -CHLD $$; echo lives'; echo $?
sh -c 'kill -0 $$'; echo $?
kill -l 137; kill -l 143; kill -l 2; kill -l TERM
