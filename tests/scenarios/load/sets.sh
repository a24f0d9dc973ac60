# Sets of services are updated, with and without a member that fails, while programs work.
# Usage: sh /load/sets.sh TIMES each|turn; images that fail are /images/SERVICE-FAILURE. Each member
# of each set fails in each way, or by turns one member for each way.
#
# Standard input comes back on standard output, line by line. Standard error tells what was done;
# a line that begins with WRONG is a failure.

. /load/load.sh

times=$1
who=$2
core="pm vfs ds sched procfs pfs ramfs tty"

wrong() {
    echo "WRONG $*" >&2
}

there_and_back() {
    for version in 2 1; do
        answer=$(service update $* --to $version 2>&1) || wrong "$* to $version: $answer"
    done
}

# Whether one member fails, and none is another one than before.
one_fails() {
    member=$1
    failure=$2
    shift 2
    others=
    for each in $*; do [ $each = $member ] || others="$others $each"; done
    before=$(service status | awk 'NR > 1 { print $1, $2, $3, $4, $5, $6 }')
    # Only who hangs is to meet the deadline, however slow the host is.
    case $failure in
    hanging) deadline=1000 ;;
    *) deadline=20000 ;;
    esac
    answer=$(service update $others $member=/images/$member-$failure --to 2 --deadline $deadline 2>&1)
    status=$?
    [ $status = 1 ] || wrong "$member $failure in $*: status $status"
    case $answer in
    "service: $member: the old version keeps running, the new one failed "*) ;;
    *) wrong "$member $failure in $*: $answer" ;;
    esac
    after=$(service status | awk 'NR > 1 { print $1, $2, $3, $4, $5, $6 }')
    [ "$before" = "$after" ] || wrong "$member $failure in $*: $before has become $after"
}

failures="panicking refusing hanging undecoding"
turn=0
renice -n -15 $$ >/dev/null
load_start
for set in "$core" "vm $core" "$core rs" "rs $core vm"; do
    there_and_back $set
    if [ $who = each ]; then
        for member in $set; do
            for failure in $failures; do one_fails $member $failure $set; done
        done
    else
        turn=$((turn + 1))
        for failure in $failures; do
            set -- $set
            shift $((turn % $#))
            one_fails $1 $failure $set
            turn=$((turn + 3))
        done
    fi
    echo "$set: done at $(cut -d' ' -f1 /proc/uptime) s" >&2
done
left=$times
while [ $left -gt 0 ]; do
    for set in "$core" "vm $core" "$core rs" "rs $core vm"; do there_and_back $set; done
    left=$((left - 1))
done
load_end
service status >&2
