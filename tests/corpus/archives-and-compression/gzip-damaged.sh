# Detects damage in packed data: header, checksum, end.
seq 1 500 | gzip -c >good.gz
gunzip -c good.gz | tail -n 1
printf 'not packed' >bad.gz
gunzip bad.gz
echo "status $?"
head -c 200 good.gz >short.gz
gunzip -c short.gz >/dev/null
echo "status $?"
cp good.gz crc.gz
size=$(stat -c %s crc.gz)
printf '\377\377' | dd of=crc.gz bs=1 seek=$((size - 8)) conv=notrunc 2>/dev/null
gunzip -t crc.gz
echo "status $?"
gunzip -t good.gz && echo good
gzip missing
echo "status $?"
gunzip -c good.gz good.gz | wc -l
