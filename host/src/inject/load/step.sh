# One step of the load. Usage: sh step.sh NAME
#
# A command that fails ends the step with its status, unless the step expects that: then it says so.
set -e -o pipefail

pipelines() {
    seq 1 60 | sort -rn | md5sum
    for i in 1 2 3; do echo "line $i"; done | while read -r word number; do echo "$number $word"; done
    mkfifo pipe
    echo "through a named pipe" >pipe &
    read -r line <pipe
    echo "$line"
    wait $!
}

files() {
    seq 1 800 >one
    cp one two
    cat one two >three
    md5sum three
    for i in 1 2 3 4; do echo "$i" >>appended; done
    while read -r line; do echo "$line"; done <appended
    truncate -s 20480 sparse
    echo end >>sparse
    truncate -s 100 one
    md5sum one sparse
    exec 5<two 6>out
    read -r line <&5
    echo "kept $line" >&6
    tail -c 10 two out
}

names() {
    mkdir -p a/b/c
    echo deep >a/b/c/file
    mv a/b/c/file a/moved
    ln -s moved a/link
    ln a/moved a/hard
    chmod 640 a/moved
    chown 3:4 a/moved
    touch -d '2010-10-10 10:10:10' a/moved
    stat -c '%n %s %F %h %a %u %g %Y' a/moved
    stat -c '%n %s %F %h %a' a/link a/b
    find . | sort
    rm -r a/b
    ls a
    read -r line <a/link
    echo "$line"
    cat missing || echo "not there"
    pwd
}

processes() {
    sh -c 'exit 7' || echo "status $?"
    for i in 1 2 3; do
        (exit $i) & wait $! || echo "child $?"
    done
    env -i A=b /bin/sh -c 'echo $A; umask'
    id -u
    setsid sh -c 'echo "of its own session"'
}

signals() {
    sh -c 'kill -TERM $$' || echo "killed $?"
    sh -c 'trap "echo caught; exit 3" USR1; kill -USR1 $$; echo not reached' || echo "trapped $?"
    sleep 50 & kill -9 $!
    wait $! || echo "ended $?"
    (trap "" INT; sh -c 'kill -INT $$'; echo ignored)
}

timers() {
    sleep 0.05
    (sleep 0.05; echo first) & wait $!
    echo second
}

devices() {
    head -c 3000 /dev/zero | md5sum
    head -c 100 /dev/urandom | wc -c
    one=$(head -c 16 /dev/urandom | md5sum)
    other=$(head -c 16 /dev/random | md5sum)
    [ "$one" != "$other" ]
    echo nothing >/dev/null
    read -r line </dev/null || echo "the end"
    echo full 2>/dev/null >/dev/full || echo "no room"
    ls -l /dev/null | cut -c1
    cut -c1-13 /dev/hello
}

memory() {
    awk 'BEGIN { for (i = 0; i < 500; i++) a[i] = i "x"; for (i in a) n += length(a[i]); print n }'
    head -c 100000 /dev/zero | tail -c 1 | wc -c
}

process_table() {
    sed -n 's/^Name:[[:space:]]*//p' /proc/self/status
    cut -d' ' -f2 /proc/self/stat
    [ -d /proc/1 ]
    grep -c MemTotal /proc/meminfo
    read -r up rest </proc/uptime
    [ "${up%.*}" -ge 0 ]
    ls /proc/self/fd
}

terminal() {
    echo "to the terminal" >/dev/ttyS0
    stty rows 24 columns 80 </dev/ttyS0
    stty size </dev/ttyS0
    stty -echo </dev/ttyS0
    stty -a </dev/ttyS0 | grep -c -- -echo
    stty echo </dev/ttyS0
}

clock() {
    now=$(date +%s)
    [ "$now" -gt 1000000000 ]
    hwclock -r | wc -l
}

services() {
    service status | while read -r name rest; do echo "$name"; done
    service update hello --prepare-only
    ls /proc/service
}

priorities() {
    sleep 20 &
    renice -n 3 -p $!
    read -r line </proc/$!/stat
    set -- $line
    echo "${19}"
    kill $!
}

$1
echo finished
