# Prepares something in every service, then updates all to version 2 and back to version 1, and
# after each update uses what was prepared. Usage: sh /converted/run.sh
#
# Prints what was found in each of the three states; the test knows what that must be.

part() {
    dd bs=1 count="$1" 2>/dev/null
}

prepare() {
    mkdir -p /tmp/prepared && cd /tmp/prepared || exit 1
    umask 027
    # vfs: a descriptor with an offset, and one that exec closes; ramfs: names, lengths, links.
    seq 1 9 >numbers
    ln numbers second && ln -s numbers link && chmod 640 numbers
    exec 4<numbers
    # pfs: bytes in a FIFO that nobody has read.
    mkfifo fifo
    exec 5<>fifo
    echo "one two three" >&5
    # procfs: a file that is read part by part.
    exec 6</proc/version
    # memory, random: open devices.
    exec 7</dev/zero 8</dev/urandom
    # tty: settings of the line and the size of the window.
    stty rows 41 columns 101 -echo erase '^H' </dev/ttyS0
    # pm: a limit, a signal that is ignored, a child that waits; sched: the niceness of that child, to
    # which each check adds what it was before.
    ulimit -S -n 99
    trap '' USR2
    sleep 100000 &
    sleeper=$!
    # clock: the time of day.
    date -u -s '2031-05-06 07:08:09' >/dev/null
    # vm: memory that a child shares until one of them writes.
    text=$(seq 1 5000)
    # rs: a service that runs in another version.
    service update hello --to 2 >/dev/null
    # Who has served enough is trusted, and a crash does not bring version 1 back.
    for reader in 1 2 3 4 5; do cat /dev/hello >/dev/null; done
}

# Uses everything once.
check() {
    echo "vfs: $(part 2 <&4) in $(pwd), umask $(umask)"
    : >made && stat -c 'ramfs: mode %a' made && rm made
    stat -c 'ramfs: %h links, %s bytes, mode %a' numbers && echo "ramfs: $(readlink link), $(ls | xargs)"
    read -r word <&5
    echo "pfs: $word" && echo "$word" >&5
    echo "procfs: $(part 3 <&6)"
    echo "memory: $(part 3 <&7 | od -An -tx1), full: $( (echo x >/dev/full) 2>&1 | sed 's/.*: //')"
    echo "random: $(part 40 <&8 | wc -c) bytes"
    echo "hello: $(head -n 1 </dev/hello)"
    stty -a </dev/ttyS0 | sed -n 's/^.*rows \([0-9]*\); columns \([0-9]*\).*$/tty: \1 \2/p'
    stty -a </dev/ttyS0 | tr ' ;' '\n\n' | grep -x -e '-echo' -e '\^H'
    kill -USR2 $$ && echo "pm: $(ulimit -n) files, still here"
    renice -n 3 $sleeper && cut -d' ' -f19 /proc/$sleeper/stat | sed 's/^/sched: nice /'
    [ "$(timeout 0.2 sleep 9; echo $?)" = 143 ] && echo "pm: timers run"
    date -u +'clock: %Y-%m-%d' && hwclock -u >/dev/null && echo "clock: the device answers"
    echo "vm: $(text="$text more"; echo ${#text}) ${#text}"
    service fault hello panic && head -c 1 /dev/hello >/dev/null
    service status hello | awk 'NR > 1 { print "rs: hello has version", $3, "after", $5, "restarts" }'
    service refresh memory >/dev/null && head -c 2 /dev/zero | od -An -tx1 | sed 's/^/ds:/'
}

update_all() {
    for service in $(ls /proc/service); do
        [ "$service" = hello ] && continue
        answer=$(service update "$service" --to "$1" 2>&1) || echo "update $service to $1: $answer"
        echo "$answer" | xargs | grep -q -e ' [1-9][0-9]* bytes of state, pause [1-9][0-9]* us' ||
            echo "WRONG report of $service: $answer"
    done
    service status | awk -v want="$1" 'NR > 1 && $1 != "hello" && $3 != want { print "WRONG version", $1 }'
}

prepare
echo "as prepared"
check
for version in 2 1; do
    update_all $version
    echo "version $version"
    check
done
kill $sleeper
