head -c 3000 /dev/zero | md5sum
head -c 100 /dev/urandom | wc -c
one=$(head -c 16 /dev/urandom | md5sum)
other=$(head -c 16 /dev/random | md5sum)
[ "$one" != "$other" ] && echo "they differ"
echo full 2>/dev/null >/dev/full || echo "no room"
