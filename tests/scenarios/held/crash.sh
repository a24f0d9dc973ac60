# Services crash, one after the other, while somebody holds something of each of them; all of that is
# there afterwards. Usage: sh /held/crash.sh SERVICE...
#
# Whatever is wrong is told in a line that begins with WRONG; the last line is `done`.

wrong() {
    echo "WRONG $*"
}

# What is held: a mount; an open file in its middle; a pipe that somebody is going to read; a
# terminal with a session, its foreground group and settings of its own; processes with numbers,
# names, niceness, memory and a parent that waits; the shell's own memory, mask and folder.
hold() {
    mkdir /tmp/held /tmp/held/proc && cd /tmp/held || wrong "the folder"
    umask 027
    mount -t proc none /tmp/held/proc || wrong "the mount"
    seq 1 1000 >numbers && exec 4<numbers
    mkfifo fifo && exec 5<>fifo && echo "line 0" >&5
    stty -echo intr ^B </dev/ttyS0
    setsid -c sh -c 'echo $$ >leader; exec sleep 100000' </dev/ttyS0 >/dev/ttyS0 2>&1 &
    sleep 100000 &
    sleeper=$!
    until [ -s leader ]; do sleep 0.05; done
    leader=$(cat leader)
    until [ "$(cat /proc/$leader/comm)" = sleep ]; do sleep 0.05; done
    renice -n 7 $sleeper >/dev/null
    text=$(seq 1 3000)
    words=0
}

# All of it that does not change when it is looked at. What is asked for by name must be published.
look() {
    cat /proc/mounts
    for process in $sleeper $leader; do
        cat /proc/$process/maps
        cut -d' ' -f1-8,19,22 /proc/$process/stat
        ls -l /proc/$process/fd | awk '{ print $9, $11 }'
    done
    cat /tmp/held/proc/$sleeper/cmdline | tr '\0' ' '
    stty -g </dev/ttyS0
    umask
    pwd
    echo "$text" | md5sum
    head -c 10 /dev/zero | wc -c
    head -c 10 /dev/urandom | wc -c
    cut -d' ' -f1-2 /dev/hello
}

# What goes on where it was.
go_on() {
    words=$((words + 1))
    read -r number <&4
    [ "$number" = $words ] || wrong "$1: the file is at $number, not $words"
    read -r line <&5
    [ "$line" = "line $((words - 1))" ] || wrong "$1: the pipe has $line"
    echo "line $words" >&5
}

# Sets slot, version, state and restarts.
row() {
    set -- $(service status "$1" | tail -n 1)
    slot=$2 version=$3 state=$4 restarts=$5
}

# Asks something of a service that not everything else asks, so that it meets its fault.
poke() {
    case $1 in
    ds) service refresh hello >/dev/null ;;
    sched) renice -n 0 $sleeper >/dev/null ;;
    clock) hwclock -r >/dev/null ;;
    host-link) : >/dev/host/stderr ;;
    *) look >/dev/null ;;
    esac
}

hold
before=$(look)
for service in "$@"; do
    row $service
    was=$slot.$version.$((restarts + 1))
    service fault $service memory || wrong "$service: the fault"
    poke $service
    found=$(look)
    [ "$found" = "$before" ] || {
        wrong "$service:"
        echo "$before" >/tmp/before
        echo "$found" | diff /tmp/before - | head -n 20
    }
    go_on $service
    row $service
    [ $state.$slot.$version.$restarts = running.$was ] ||
        wrong "$service: $state $slot.$version.$restarts, not $was"
done
kill $sleeper $leader
wait $sleeper 2>/dev/null
[ $? = 143 ] || wrong "the sleeper ended otherwise"
umount /tmp/held/proc || wrong "the mount is not there"
service status | awk 'NR > 1 { print $4, $5 }' | sort | uniq -c
echo done
