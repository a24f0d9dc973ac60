# Shortens and lengthens files; what was never written reads as zeros.
printf 'abcdefghij' >f
truncate -s 4 f
od -c f
truncate -s 12 f
od -c f
stat -c %s f
truncate -s 1000012 f
stat -c %s f
tail -c 3 f | od -An -tx1
cmp -n 4 f f && echo same
truncate -s 0 f
wc -c <f
truncate -c -s 5 absent; ls absent 2>&1
printf x | dd of=sparse bs=1 seek=70000 2>/dev/null
stat -c %s sparse
tr -d '\0' <sparse
md5sum sparse
