# Does what it is asked for, line by line, and says when it has, with the status. Standard input is
# the campaign's.
echo "@done 0"
while read -r word; do
    case $word in
    round) sh /inject/round.sh </dev/null 2>&1 ;;
    status) service status </dev/null 2>&1 ;;
    esac
    echo "@done $?"
done
