# Updates and crashes services under load. Usage: sh /load/disturb.sh TIMES SERVICE...
#
# Standard input comes back on standard output, line by line. Standard error tells what was done;
# a line that begins with WRONG is a failure.

. /load/load.sh

times=$1
shift
services=$(ls /proc/service)
ways="memory panic hang branch"

wrong() {
    echo "WRONG $*" >&2
}

# Sets slot, version, state and restarts to what `service status` says of a service.
look() {
    set -- $(service status "$1" | tail -n 1)
    slot=$2 version=$3 state=$4 restarts=$5
}

# Asks something of a service, without a process of its own where that can be: a fault strikes at
# the next request, which is then answered all the same.
poke() {
    case $1 in
    ds) service refresh hello >/dev/null ;;
    rs) service status rs >/dev/null ;;
    sched) renice -n 1 $sleeper >/dev/null ;;
    tty) stty </dev/ttyS0 >/dev/null ;;
    memory) read -r _ </dev/null ;;
    random) head -c 1 /dev/urandom >/dev/null ;;
    clock) hwclock -r >/dev/null ;;
    hello) read -r _ </dev/hello ;;
    procfs) read -r _ </proc/uptime ;;
    host-link) : >/dev/host/stderr ;;
    pm) sleep 0 ;;
    *) echo poke >/tmp/poke ;;
    esac
}

# Memory while nothing else runs and every service has just what it needs: bytes of all States; KiB of
# all services, of page tables, and of what is neither free nor of those or of programs.
measure() {
    load_pause
    states=
    for each in $services; do
        answer=$(service refresh "$each" 2>&1) || wrong "refresh $each: $answer"
        bytes=${answer##*
}
        states="$states $each ${bytes%% *}"
    done
    echo "States:$states" >&2
    echo "$states" | awk -v ORS=" " '{ for (i = 2; i <= NF; i += 2) sum += $i; print sum }'
    awk '{ of[$1] = $2 } END {
        services = of["Slab:"]; tables = of["PageTables:"]
        print services, tables, of["MemTotal:"] - of["MemFree:"] - of["AnonPages:"] - services - tables
    }' /proc/meminfo
    load_continue
}

update_and_back() {
    for version in 2 1; do
        answer=$(service update "$1" --to $version 2>&1) || wrong "update $1 to $version: $answer"
    done
}

# Compares a measure with another one, taken now. Whoever types at the terminal meanwhile may make a
# service hold more for a moment; what is lost is missed every time.
compare_memory() {
    for attempt in 1 2 3; do
        after=$(measure)
        echo "$1: memory before $2, after $after" >&2
        grown=$(growth $2 $after)
        [ -n "$grown" ] || return 0
    done
    wrong "$1: $grown grew"
}

# What grew between two measures. Numbers in a State get longer, a service's heap grows by 64 KiB at a
# time, and programs lie at random places and need some tables more or less.
growth() {
    [ $(($5 - $1)) -le 4096 ] || echo "the States"
    [ $(($6 - $2)) -le 64 ] || echo "the services"
    [ $(($7 - $3)) -le 64 ] || echo "page tables"
    [ $(($8 - $4)) -le 0 ] || echo "the kernel"
}

crash() {
    answer=$(service fault "$1" "$2" 2>&1) || wrong "fault $1 $2: $answer"
    poke "$1"
}

# Has a service serve enough for its version to be trusted.
trust() {
    repeat 20 poke "$1"
}

# Does a thing so many times.
repeat() {
    left=$1
    shift
    while [ "$left" -gt 0 ]; do
        "$@"
        left=$((left - 1))
    done
}

# Checks the restarts of a service since `look` was called: so many.
expect_restarts() {
    wanted=$((restarts + $2))
    look "$1"
    [ "$restarts" = $wanted ] || wrong "$1 has $restarts restarts, not $wanted"
}

# Waits until a line that is typed now has been carried out.
hear_typist() {
    rm -f /tmp/heard
    until [ -e /tmp/heard ]; do sleep 0.1; done
}

disturb() {
    look "$1"
    first_slot=$slot
    update_and_back "$1"
    expect_restarts "$1" 0
    trust "$1"
    crash "$1" panic
    expect_restarts "$1" 1
    before=$(measure)

    repeat $((times - 1)) update_and_back "$1"
    expect_restarts "$1" 0
    trust "$1"
    for way in $ways; do
        repeat "$times" crash "$1" $way
        expect_restarts "$1" "$times"
    done
    compare_memory "$1" "$before"
    hear_typist
    [ "$slot" = "$first_slot" ] || wrong "$1 is now at $slot, not $first_slot"
    [ "$state $version" = "running 1" ] || wrong "$1 is $state with version $version"
}

# The load shares the processor with whoever disturbs it, who must not wait for it.
renice -n -15 $$ >/dev/null
load_start
for service in "$@"; do
    disturb "$service"
    echo "$service: done at $(cut -d' ' -f1 /proc/uptime) s" >&2
done
load_end
