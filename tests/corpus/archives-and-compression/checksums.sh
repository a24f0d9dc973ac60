# Computes checksums of the same bytes by every kind, and checks lists of them.
printf 'The quick brown fox jumps over the lazy dog' >fox
: >empty
for sum in md5sum sha1sum sha256sum sha512sum sha3sum crc32; do
    $sum fox empty
done
md5sum fox empty >list
md5sum -c list
echo "status $?"
printf . >>empty
md5sum -c list
echo "status $?"
sha256sum fox | sha256sum -c -s - && echo silent
seq 1 20000 | sha1sum
head -c 100000 /dev/zero | sha256sum
