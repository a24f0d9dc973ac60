# A shell that signals itself runs its trap and goes on.
trap 'echo usr1' USR1; trap 'echo usr2' USR2
kill -USR1 $$; kill -USR2 $$; kill -USR1 $$; echo after
trap 'echo int' INT; kill -INT $$; echo "after int"
trap 'echo term' TERM; kill $$; echo "after term"
trap 'echo hup' 1; kill -1 $$; echo "after hup"
trap - USR1 USR2 INT TERM HUP; trap
