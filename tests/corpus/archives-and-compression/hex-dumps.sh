# Shows bytes in octal, hexadecimal and characters, and turns a dump back.
printf 'Hello,\tworld\n\001\377\0end' >f
od f
od -A x -t x1z f 2>/dev/null || od -A x -t x1 f
od -c f
od -b -N 5 f
od -A d -t d2 -j 2 -N 8 f
od -An -t u4 -N 8 f
hexdump f
hexdump -C f
hexdump -e '4/1 "%02x " "\n"' f
xxd f
xxd -p f
xxd -p f | xxd -r -p | cmp - f && echo same
xxd -s 3 -l 4 f
head -c 64 /dev/zero | hexdump -C
head -c 64 /dev/zero | od -v | wc -l
