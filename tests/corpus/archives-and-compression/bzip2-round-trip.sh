# Packs with bzip2 and gets it back; concatenated streams too.
seq 1 2000 >n
yes 'the same line' | head -n 500 >same
bzip2 -k n
bunzip2 -c n.bz2 | cmp - n && echo same
bzip2 <same | wc -c
bzip2 -c same >s.bz2
bzcat s.bz2 | md5sum
md5sum <same
{ echo one | bzip2; echo two | bzip2; } | bunzip2
bunzip2 -t s.bz2 && echo intact
head -c 40 s.bz2 >cut.bz2
bunzip2 -c cut.bz2 >/dev/null 2>err
echo "status $?"
bzip2 -d n.bz2 2>err
echo "status $?"
