# Packs with lzop, finds readable strings in packed and plain bytes.
seq 1 1000 >n
lzop -c n >n.lzo
lzop -d -c n.lzo | cmp - n && echo same
lzop -t n.lzo && echo intact
head -c 9 n.lzo | od -An -tx1
printf 'ab\0hello\0\001\002world!\n\0xyz\0long enough' >bin
strings bin
strings -n 6 bin
strings -o bin
strings -t x bin
printf 'short' | lzop -c | lzop -d
echo
printf 'garbage garbage' | lzop -d 2>/dev/null
echo "status $?"
