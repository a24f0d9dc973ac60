# Copies parts of files by blocks: skip, seek, conversions, appending.
printf '0123456789abcdefghij' >in
dd if=in bs=5 skip=1 count=2 2>/dev/null; echo
dd if=in bs=1 skip=18 2>/dev/null; echo
dd if=in of=out bs=4 count=2 2>/dev/null; cat out; echo
printf XX | dd of=out bs=1 seek=3 conv=notrunc 2>/dev/null; cat out; echo
printf YY | dd of=out bs=1 seek=3 2>/dev/null; cat out; echo
dd if=in bs=20 conv=ucase 2>/dev/null || echo "no ucase here"
printf 'abcd' | dd conv=swab 2>/dev/null; echo
printf 'ab' | dd bs=8 conv=sync 2>/dev/null | od -c
dd if=in ibs=3 obs=7 2>/dev/null | md5sum
dd if=/dev/zero of=zeros bs=4096 count=16 2>/dev/null; stat -c %s zeros
dd if=in of=/dev/null bs=6 2>&1 | head -n 2
dd if=missing 2>/dev/null; echo "status $?"
