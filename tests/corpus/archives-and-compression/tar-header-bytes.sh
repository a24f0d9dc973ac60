# Reads the header of a small archive field by field.
printf hello >f
chmod 640 f
chown 3:4 f
touch -d '1970-01-02 00:00:00' f
tar cf t.tar f
stat -c %s t.tar
field() { dd if=t.tar bs=1 skip=$1 count=$2 2>/dev/null | tr -d '\0'; echo; }
field 0 100
field 100 8
field 108 8
field 116 8
field 124 12
field 136 12
field 156 1
field 257 6
field 512 5
tail -c 1024 t.tar | tr -d '\0' | wc -c
