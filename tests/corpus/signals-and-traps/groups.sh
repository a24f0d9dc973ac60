# A signal to a process group reaches all of it and nobody else.
# Each shell says so when the signal meets its sleep, and not when it meets itself.
# stderr: free
cat >member <<'E'
trap 'echo $1 >>log; exit 0' TERM
: >ready$1
while :; do sleep 0.02; done
E
setsid sh -c 'echo $$ >leader; sh member 1 & sh member 2 & sh member 3' &
while [ ! -e ready1 ] || [ ! -e ready2 ] || [ ! -e ready3 ]; do sleep 0.02; done
leader=$(cat leader); [ "$leader" -gt 1 ] && kill -TERM -$leader; wait
while [ "$(wc -l <log)" -lt 3 ]; do sleep 0.02; done
sort log
