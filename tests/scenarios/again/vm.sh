# vm is updated again and again, and fails again and again after it has taken over the State.
# Usage: sh /again/vm.sh UPDATES FAILURES

. /again/common.sh

sleep 100000 &
sleeper=$!
maps=$(cat /proc/$sleeper/maps)
resident=$(grep VmRSS /proc/$sleeper/status)
before=$(table)
for round in $(seq 1 "$2"); do
    # hello refuses when vm is ready; then vm itself refuses.
    for set in "vm hello=/images/hello-refusing" "vm=/images/vm-refusing hello"; do
        answer=$(service update $set --to 2 2>&1)
        case $answer in *"it refused it (a reason of its own)") ;; *) wrong "$set: $answer" ;; esac
    done
    [ "$(table)" = "$before" ] || wrong "round $round: $(table)"
    [ $((round % 10)) != 0 ] || expect_work "failure $round"
    echo $round | cat >/dev/null || wrong "round $round"
done
for round in $(seq 1 $(($1 / 2))); do
    for version in 2 1; do service update vm --to $version >/dev/null || wrong "update $round"; done
    [ $((round % 10)) != 0 ] || expect_work "update $round"
done
[ "$(cat /proc/$sleeper/maps)" = "$maps" ] || wrong "the sleeper's regions have changed"
[ "$(grep VmRSS /proc/$sleeper/status)" = "$resident" ] || wrong "the sleeper's pages have changed"
kill $sleeper
[ "$(table)" = "$before" ] || wrong "$(table)"
echo done
