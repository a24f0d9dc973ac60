# One round of the load: steps, each in a folder of its own, which print the same in every round.
#
#   [name]       the step's output follows
#   = status     its exit status; 137 when it was killed because it took too long
#   ! text       a line of its standard error

here=/tmp/round
rm -rf $here
mkdir -p $here
for step in pipelines files names processes signals timers devices memory process_table terminal \
    clock services priorities; do
    mkdir -p $here/$step
    cd $here/$step || exit 1
    echo "[$step]"
    timeout -s KILL 3 sh /inject/step.sh $step 2>$here/errors
    echo "= $?"
    while read -r line; do echo "! $line"; done <$here/errors
done
