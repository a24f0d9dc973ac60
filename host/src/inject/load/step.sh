# One step of the load. Usage: sh step.sh NAME
#
# A command that fails ends the step with its status, unless the step expects that: then it says so.
set -e -o pipefail

pipelines() {
    seq 1 60 | sort -rn | tail -n 30 | md5sum
    echo "a b c" | tr a-z A-Z | sed s/B/x/ | cat -n
    for i in 1 2 3; do echo "line $i"; done | while read -r word number; do echo "$number $word"; done
    seq 1 3000 | md5sum
    mkfifo pipe
    echo "through a named pipe" >pipe &
    cat pipe
    wait $!
}

files() {
    seq 1 800 >one
    cp one two
    cat one two >three
    md5sum three
    for i in 1 2 3 4; do echo "$i" >>appended; done
    cat appended
    truncate -s 20480 sparse
    echo end >>sparse
    md5sum sparse
    truncate -s 100 one
    md5sum one
    exec 5<two 6>out
    read -r line <&5
    echo "kept $line" >&6
    cat out
    tail -c 10 two
}

names() {
    mkdir -p a/b/c
    echo deep >a/b/c/file
    mv a/b/c/file a/moved
    ln -s moved a/link
    ln a/moved a/hard
    cat a/link
    stat -c '%n %s %F %h %a' a/moved a/link a/b
    chmod 640 a/moved
    chown 3:4 a/moved
    stat -c '%a %u %g' a/hard
    find . | sort
    touch -d '2010-10-10 10:10:10' a/moved
    stat -c %Y a/moved
    rm -r a/b
    ls a
    cat missing || echo "not there"
    pwd
}

processes() {
    sh -c 'exit 7' || echo "status $?"
    for i in 1 2 3; do
        (exit $i) & wait $! || echo "child $?"
    done
    /bin/true
    env -i A=b /bin/sh -c 'echo $A; id -u; umask'
    sh -c 'sh -c "sh -c \"echo nested\""'
    setsid sh -c 'echo "of its own session"'
}

signals() {
    sh -c 'kill -TERM $$' || echo "killed $?"
    sh -c 'trap "echo caught; exit 3" USR1; kill -USR1 $$; echo not reached' || echo "trapped $?"
    sleep 50 & kill -9 $!
    wait $! || echo "ended $?"
    sh -c 'trap "" INT; kill -INT $$; echo ignored'
}

timers() {
    timeout 0.1 sleep 30 || echo "timed out $?"
    sleep 0.05
    (sleep 0.05; echo first) & wait $!
    echo second
}

devices() {
    head -c 3000 /dev/zero | md5sum
    head -c 100 /dev/urandom | wc -c
    head -c 10 /dev/random | wc -c
    one=$(head -c 16 /dev/urandom | md5sum)
    other=$(head -c 16 /dev/urandom | md5sum)
    [ "$one" != "$other" ]
    echo nothing >/dev/null
    cat /dev/null
    echo full 2>/dev/null >/dev/full || echo "no room"
    ls -l /dev/null | cut -c1
    cut -c1-13 /dev/hello
}

memory() {
    awk 'BEGIN { for (i = 0; i < 3000; i++) a[i] = i "x"; for (i in a) n += length(a[i]); print n }'
    head -c 1000000 /dev/zero | md5sum
    seq 1 2000 | sort -r | tail -n 1
}

process_table() {
    sed -n 's/^Name:[[:space:]]*//p' /proc/self/status
    cut -d' ' -f2 /proc/self/stat
    tr '\0' ' ' </proc/self/cmdline
    echo
    ls /proc | grep '^1$'
    grep -c MemTotal /proc/meminfo
    read -r up rest </proc/uptime
    [ "${up%.*}" -ge 0 ]
    ls /proc/self/fd | sed -n 1,3p
    tail -n 1 /proc/mounts | wc -l
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
    date -u -d @86400 +%Y-%m-%d
}

services() {
    service status | awk 'NR > 1 { print $1 }'
    service update hello --prepare-only
    ls /proc/service | wc -l
}

priorities() {
    sleep 20 &
    renice -n 3 -p $!
    ps -o nice,comm | awk '$2 == "sleep" { print $1 }'
    kill $!
}

$1
echo finished
