# What programs do of all that the core services are for. Usage: . /again/common.sh

wrong() {
    echo "WRONG $*"
}

# Processes, memory shared until it is written, programs replaced, files, pipes: the same each time.
work() {
    text=$(seq 1 2000)
    (
        before=${#text}
        text="$text $(seq 1 500)"
        echo "$before ${#text} $(echo "$text" | md5sum | cut -c1-8)"
    ) >/tmp/child
    echo "${#text} $(cat /tmp/child)"
    for n in 1 2 3; do sh -c "exit $n"; echo $?; done
    seq 1 300 >/tmp/numbers && sort -rn /tmp/numbers | head -n 2
    awk 'BEGIN { for (i = 0; i < 20000; i++) a[i] = i; for (i in a) sum += a[i]; print sum }'
    rm /tmp/numbers /tmp/child
}

expect_work() {
    found=$(work)
    [ "$found" = "$expected" ] || wrong "$1: $found"
}

# Version, state and restarts of all services.
table() {
    service status | awk 'NR > 1 { print $1, $2, $3, $4, $5 }'
}

# KiB of a service.
size() {
    service status "$1" | awk 'NR == 2 { print $7 }'
}

# KiB that are free while nothing runs.
free_memory() {
    awk '$1 == "MemFree:" { print $2 }' /proc/meminfo
}

expected=$(work)
