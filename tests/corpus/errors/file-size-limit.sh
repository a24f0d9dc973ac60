# A file grows to its limit and no further.
(ulimit -f 2; trap '' XFSZ; dd if=/dev/zero of=big bs=512 count=10 2>/dev/null; echo $?)
wc -c <big
sh -c 'ulimit -f 2; exec dd if=/dev/zero of=big2 bs=512 count=10' 2>/dev/null; echo $?
wc -c <big2
ulimit -f
