# Updates with rs in them are rolled back again and again: nobody is taken for dead.
# Usage: sh /again/rollback.sh TIMES

. /again/common.sh

before=$(service status | awk 'NR > 1 { print $1, $2, $3, $4, $5, $6 }')
for round in $(seq 1 "$1"); do
    answer=$(service update rs pm vfs vm hello=/images/hello-refusing --to 2 2>&1)
    case $answer in *"it refused it (a reason of its own)") ;; *) wrong "round $round: $answer" ;; esac
done
after=$(service status | awk 'NR > 1 { print $1, $2, $3, $4, $5, $6 }')
[ "$before" = "$after" ] || wrong "$after"
expect_work "in the end"
echo done
