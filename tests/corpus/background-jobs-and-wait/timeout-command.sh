# timeout ends what lasts too long.
timeout 0.1 sleep 10; echo $?
timeout 10 true; echo $?
timeout 10 sh -c 'exit 9'; echo $?
timeout -s KILL 0.1 sleep 10; echo $?
timeout -s INT 0.1 sh -c 'trap "echo caught; exit 5" INT; while :; do sleep 0.05; done'; echo $?
