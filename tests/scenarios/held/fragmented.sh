# ramfs has a heap full of holes, and is updated there and back: all files are there, and its new heap
# is no larger than the old one. Usage: sh /held/fragmented.sh TIMES

wrong() {
    echo "WRONG $*"
}

# KiB of ramfs.
size() {
    service status ramfs | awk 'NR == 2 { print $7 }'
}

# Names of many lengths, of which every second one goes again, so that holes of all sizes are left.
make_holes() {
    seq 1 600 | awk -v round="$1" '{
        name = round "." $1 "."
        length_of_name = ($1 * 37 + round * 11) % 180
        while (length(name) < length_of_name) name = name "x"
        print name
    }' >/tmp/names
    xargs touch </tmp/names
    awk 'NR % 2' /tmp/names | xargs rm
}

mkdir /tmp/many && cd /tmp/many || wrong "the folder"
for round in 1 2 3; do make_holes $round; done
for n in 1 2 3; do seq $n 3000 >$n; done
last=
for round in $(seq 1 "$1"); do
    for version in 2 1; do
        files=$(ls -l | md5sum)
        content=$(cat 1 2 3 | md5sum)
        before=$(size)
        service update ramfs --to $version >/dev/null || wrong "update $round to $version"
        after=$(size)
        [ "$after" -le "$before" ] || wrong "$round: $before KiB have become $after"
        [ "$(ls -l | md5sum)" = "$files" ] || wrong "$round: other files"
        [ "$(cat 1 2 3 | md5sum)" = "$content" ] || wrong "$round: other content"
        # The new allocator serves, and takes back.
        make_holes $((2 * round + version + 10))
        xargs rm -f </tmp/names
    done
    [ -z "$last" ] || [ "$after" = "$last" ] || wrong "$round: $last KiB have become $after"
    last=$after
done
[ "$(ls | wc -l)" = 903 ] || wrong "$(ls | wc -l) files"
echo done
