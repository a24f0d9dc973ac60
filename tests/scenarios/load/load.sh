# The load of a disturbed system. Usage: . /load/load.sh
#
# Workers do the same round again and again in a folder of their own. The first round, which nobody
# disturbs, tells what every later one must print. While the file `pause` is there, workers wait in
# a read and no process comes or goes; they end when the file `stop` is there.

load=/tmp/load
workers="pipelines files processes timers devices"

pipelines() {
    seq 1 100 | sort -rn | head -n 40 | md5sum
    echo "a b c" | tr a-z A-Z | sed s/B/x/ | cat -n
    for i in 1 2 3 4; do echo "line $i"; done | while read -r word number; do echo "$number $word"; done
    yes | head -n 500 | wc -c
}

files() {
    seq 1 1000 >one
    cp one two && cat one two >three && md5sum three
    mkdir folder && mv three folder/moved && ln -s folder/moved link && wc -l <link
    for i in 1 2 3 4 5; do echo "$i" >>appended; done
    cat appended
    dd if=/dev/zero of=sparse bs=1k seek=40 count=1 2>/dev/null && md5sum sparse
    find . -name "[a-m]*" ! -name idle | sort
    rm -r folder one two link appended sparse
}

processes() {
    sh -c 'exit 7'
    echo "status $?"
    for i in 1 2 3; do (exit $i) & wait $!; echo "child $?"; done
    sh -c 'kill -TERM $$'
    echo "killed $?"
    sh -c 'trap "echo caught; exit 3" USR1; kill -USR1 $$; echo not reached'
    echo "trapped $?"
    sed -n 's/^Name:[[:space:]]*//p' /proc/self/status
    cut -d' ' -f2 /proc/self/stat
}

timers() {
    timeout 0.1 sleep 30
    echo "timed out $?"
    sleep 0.1 && echo slept
    sh -c 'sleep 0.1 & wait; echo waited'
}

devices() {
    head -c 3000 /dev/zero | md5sum
    head -c 100 /dev/urandom | wc -c
    echo nothing >/dev/null && cat /dev/null
    echo full 2>/dev/null >/dev/full || echo "no room"
    ls -l /dev/null | cut -c1
}

# A worker: rounds until the end.
work() {
    mkdir -p "$load/$1" && cd "$load/$1" || exit 1
    mkfifo ../"$1.resume"
    "$1" >../"$1.want" 2>&1
    : >../"$1.ready"
    rounds=0
    while [ ! -e ../stop ]; do
        if [ -e ../pause ]; then
            : >../"$1.idle"
            read -r _ <../"$1.resume"
        fi
        "$1" >../"$1.got" 2>&1
        if ! cmp -s ../"$1.want" ../"$1.got"; then
            echo "WRONG $1, round $rounds" >&2
            diff ../"$1.want" ../"$1.got" | head -n 10 >&2
            cp ../"$1.got" ../"$1.wrong"
        fi
        rounds=$((rounds + 1))
        sleep 0.2
    done
    echo "$rounds" >../"$1.rounds"
}

# A reader that waits from the beginning to the end, and a process that sleeps as long.
wait_long() {
    mkfifo "$load/fifo"
    (read -r line <"$load/fifo"; echo "$line" >"$load/heard") &
    sleep 100000 &
    sleeper=$!
}

# Gives back what it reads, line by line.
echo_lines() {
    while read -r line; do
        echo "$line"
        [ ! -e "$load/stop" ] || break
    done
}

# A shell that somebody types to.
serve_terminal() {
    export PS1='> '
    setsid -c sh -i </dev/ttyS0 >/dev/ttyS0 2>&1 &
}

load_start() {
    rm -rf "$load"
    mkdir -p "$load"
    wait_long
    # A command in the background reads nothing, unless it is told otherwise.
    exec 3<&0
    echo_lines <&3 &
    echoer=$!
    exec 3<&-
    serve_terminal
    for worker in $workers; do work "$worker" </dev/null >/dev/null & done
    for worker in $workers; do
        until [ -e "$load/$worker.ready" ]; do sleep 0.05; done
    done
}

load_pause() {
    rm -f "$load"/*.idle
    : >"$load/pause"
    for worker in $workers; do
        until [ -e "$load/$worker.idle" ]; do sleep 0.02; done
    done
}

load_continue() {
    rm -f "$load/pause"
    for worker in $workers; do echo go on >"$load/$worker.resume"; done
}

# Ends the load and tells how it went.
load_end() {
    : >"$load/stop"
    for worker in $workers; do
        until [ -e "$load/$worker.rounds" ]; do sleep 0.05; done
        echo "$worker: $(cat "$load/$worker.rounds") rounds" >&2
        [ "$(cat "$load/$worker.rounds")" -gt 0 ] || echo "WRONG $worker did nothing" >&2
    done
    echo "at last" >"$load/fifo"
    until [ -s "$load/heard" ]; do sleep 0.05; done
    [ "$(cat "$load/heard")" = "at last" ] || echo "WRONG the reader heard something else" >&2
    wait "$echoer"
    kill "$sleeper"
    wait "$sleeper" 2>/dev/null
    [ $? = 143 ] || echo "WRONG the sleeper ended otherwise" >&2
}
