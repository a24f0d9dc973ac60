# ramfs has a heap full of holes and is replaced, by the same version and by the other one: all files
# are there, and its new heap is as large as after another replacement, which finds no holes.
# Usage: sh /held/fragmented.sh

wrong() {
    echo "WRONG $*"
}

# KiB of ramfs.
size() {
    service status ramfs | awk 'NR == 2 { print $7 }'
}

# Names of many lengths, of which every second one goes again, so that holes of all sizes are left.
make_holes() {
    seq 1 300 | awk -v round="$1" '{
        name = round "." $1 "."
        length_of_name = ($1 * 37 + round * 11) % 180
        while (length(name) < length_of_name) name = name "x"
        print name
    }' >/tmp/names
    xargs touch </tmp/names
    awk 'NR % 2' /tmp/names | xargs rm
}

# Whether all is there when ramfs has been replaced.
replace() {
    files=$(ls -l | md5sum)
    content=$(cat 1 2 3 | md5sum)
    service "$@" >/dev/null || wrong "$*"
    [ "$(ls -l | md5sum)" = "$files" ] || wrong "$*: other files"
    [ "$(cat 1 2 3 | md5sum)" = "$content" ] || wrong "$*: other content"
}

mkdir /tmp/many && cd /tmp/many || wrong "the folder"
for n in 1 2 3; do seq $n 3000 >$n; done
for version in 2 1; do
    for round in 1 2; do make_holes $version$round; done
    replace refresh ramfs
    from_holes=$(size)
    replace refresh ramfs
    [ "$(size)" = "$from_holes" ] || wrong "$version: $from_holes KiB have become $(size)"
    replace update ramfs --to $version
done
[ "$(ls | wc -l)" = 603 ] || wrong "$(ls | wc -l) files"
echo done
