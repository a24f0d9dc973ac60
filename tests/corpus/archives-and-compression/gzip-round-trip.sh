# Packs files of several kinds, and gets them back byte by byte.
seq 1 3000 >numbers
head -c 20000 /dev/zero >zeros
: >empty
printf x >one
for f in numbers zeros empty one; do
    cp $f $f.orig
    gzip $f
    [ -e $f ] || echo "$f replaced"
    gunzip $f.gz
    cmp $f $f.orig && echo "$f back"
done
gzip -c numbers | gunzip -c | md5sum
md5sum <numbers
gzip -9 <zeros | wc -c
gzip -1 <zeros | gunzip | wc -c
gzip -d -c numbers 2>/dev/null
echo "status $?"
