# Reads and writes the simple devices: null, zero, full, urandom.
echo lost >/dev/null
wc -c </dev/null
head -c 1000 /dev/zero | tr '\0' z | wc -c
head -c 16 /dev/zero | od -An -tx1
head -c 4096 /dev/urandom >r1
head -c 4096 /dev/urandom >r2
wc -c <r1
cmp -s r1 r2 || echo "two draws differ"
echo x 2>&1 >/dev/full
echo "status $?"
cat /dev/null >empty; stat -c %s empty
[ -c /dev/null ] && [ -w /dev/null ] && [ ! -f /dev/null ] && echo "a character device"
dd if=/dev/zero bs=100 count=3 2>/dev/null | crc32
: >>/dev/null && echo "appending is allowed"
