# All services are to be updated while there is too little memory for it, and again when there is
# enough: for a machine of 64 MiB. Usage: sh /held/short.sh

wrong() {
    echo "WRONG $*"
}

# A process with seven full pipes, of which pfs keeps the content in its State.
hold() {
    for descriptor in 3 4 5 6 7 8 9; do
        pipe=/tmp/pipes/$1.$descriptor
        mkfifo $pipe && eval "exec $descriptor<>$pipe"
        yes $1.$descriptor | head -c 65536 >&$descriptor
    done
    : >/tmp/pipes/$1
    exec sleep 100000
}

# What every service is and does.
table() {
    service status | awk 'NR > 1 { print $1, $2, $3, $4, $5, $6 }'
}

# What programs do with all that services are for.
work() {
    seq 1 300 >/tmp/numbers && sort -rn /tmp/numbers | head -n 2 | cat -n
    sh -c 'exit 7'
    echo $?
    rm /tmp/numbers
    head -c 100 /dev/urandom | wc -c
    ls /proc/service | wc -l
}

holders="1 2 3 4 5 6 7 8"
expected=$(work)
mkdir /tmp/pipes
for holder in $holders; do hold $holder & done
for holder in $holders; do until [ -e /tmp/pipes/$holder ]; do sleep 0.1; done; done
dd if=/dev/zero of=/tmp/ballast bs=1k count=4500 2>/dev/null || wrong "the ballast"
dd if=/dev/zero of=/tmp/big bs=64k 2>/dev/null && wrong "the file did not fill the memory"
# Enough for programs, and not for all services twice.
: >/tmp/ballast
before=$(table)
for attempt in 1 2 3; do
    service update --all
    echo $?
    [ "$(table)" = "$before" ] || wrong "attempt $attempt: $(table)"
    [ "$(work)" = "$expected" ] || wrong "attempt $attempt: $(work)"
done
rm /tmp/big
service update --all >/tmp/told || wrong "there is memory: $(cat /tmp/told)"
[ "$(work)" = "$expected" ] || wrong "in the end: $(work)"
for pipe in 1.3 5.6 8.9; do
    [ "$(head -c 65536 </tmp/pipes/$pipe | md5sum)" = "$(yes $pipe | head -c 65536 | md5sum)" ] ||
        wrong "pipe $pipe"
done
service status
