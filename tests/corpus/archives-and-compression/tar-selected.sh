# Packs chosen files in a chosen order, unpacks single members, without leading folders.
for n in a b c d; do echo "file $n" >$n; touch -d '2000-01-01 00:00:00' $n; done
tar cf x.tar c a d b
tar tf x.tar
tar tvf x.tar | sed 's|  *| |g'
mkdir out deep
tar xf x.tar -C out a d
ls out
tar xOf x.tar b c
mkdir -p one/two && echo inner >one/two/three
tar cf z.tar one/two/three && tar xf z.tar -C deep --strip-components 2; ls deep
tar xf x.tar --to-command 'wc -c'
tar tf x.tar missing
echo "status $?"
tar xf x.tar -C nowhere
echo "status $?"
