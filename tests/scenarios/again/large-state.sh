# pfs has more than a mebibyte in pipes that nobody reads yet, and is updated again and again; an
# update that fails leaves it what it has. Usage: sh /again/large-state.sh TIMES

. /again/common.sh

mkdir /tmp/pipes
pipes=$(seq 1 20)
for pipe in $pipes; do
    mkfifo /tmp/pipes/$pipe
    (seq $pipe 20000 >/tmp/pipes/$pipe) &
    (exec 5</tmp/pipes/$pipe; until [ -e /tmp/go ]; do sleep 0.2; done; md5sum <&5 >/tmp/pipes/$pipe.sum) &
done
sleep 1
bytes=$(service refresh pfs | awk 'NR == 2 { print $8 }')
[ "$bytes" -gt 1048576 ] || wrong "only $bytes bytes of state"
first=
for round in $(seq 1 $(($1 / 2))); do
    for version in 2 1; do service update pfs --to $version >/dev/null || wrong "update $round"; done
    [ -n "$first" ] || first=$(size pfs)
done
last=$(size pfs)
[ $((last - first)) -le 4 ] || wrong "pfs had $first KiB and has $last"
answer=$(service update pfs=/images/pfs-refusing ds 2>&1)
case $answer in *"it refused it"*) ;; *) wrong "$answer" ;; esac
[ "$(size pfs)" = "$last" ] || wrong "after a rollback: $(size pfs) KiB, before $last"
touch /tmp/go
for pipe in $pipes; do
    until [ -s /tmp/pipes/$pipe.sum ]; do sleep 0.1; done
    [ "$(cat /tmp/pipes/$pipe.sum)" = "$(seq $pipe 20000 | md5sum)" ] || wrong "pipe $pipe"
done
echo done
