# Does what it is asked for, line by line, and says when it has, with the status. Standard input is
# the campaign's.

# Asks something of each service.
touch_all() {
    echo touch >/tmp/touch
    echo touch | read -r word
    read -r word </proc/uptime
    read -r word </dev/hello
    head -c 1 /dev/urandom
    head -c 1 /dev/zero
    hwclock -r
    stty </dev/ttyS0
    renice -n 0 -p $$
    service status
    service update hello --prepare-only
}

# Shows on the terminal that programs get on, whatever becomes of those that the campaign waits for.
beat() {
    while :; do
        sleep 2
        echo beat
    done
}

beat </dev/null >/dev/ttyS0 2>/dev/null &
echo "@done 0"
while read -r word; do
    case $word in
    round) sh /inject/round.sh </dev/null 2>&1 ;;
    status) service status </dev/null 2>&1 ;;
    touch) touch_all </dev/null >/dev/null 2>&1 ;;
    esac
    echo "@done $?"
done
