# Hexadecimal and octal numbers, and the edges of 64 bits.
echo $((0x1f)) $((017)) $((0xFFFF)) $((010 + 0x10 + 10))
echo $((9223372036854775807)) $((9223372036854775807 + 1))
echo $((-9223372036854775807 - 1))
echo $((0x7fffffffffffffff)) $((4294967296 * 4294967296))
printf '%x %X %o %d\n' 255 255 255 0xff
printf '%d\n' 017 0x20 "'A"
echo $((1 << 62)) $((1 << 63))
