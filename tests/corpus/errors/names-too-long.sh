# Names of 255 bytes are good, 256 are not; loops of links end.
n=$(printf '%0255d' 0)
: >$n && ls | wc -c
(: >${n}x) 2>/dev/null; echo $?
mkdir ${n}x 2>/dev/null; echo $?
ln -s b a; ln -s a b; cat a; echo $?
ls -L a 2>/dev/null; echo $?
(cd a) 2>/dev/null; echo $?
