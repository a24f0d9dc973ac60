# Packs a tree, lists it and unpacks it elsewhere with modes and times.
mkdir -p tree/sub
echo one >tree/one
printf 'two\0bytes' >tree/sub/two
chmod 751 tree/one
ln -s one tree/link
ln tree/one tree/hard
touch -d '2010-10-10 10:10:10' tree/one tree/sub/two
tar cf t.tar tree
tar tf t.tar | sort
mkdir out
tar xf t.tar -C out
diff -r tree out/tree && echo same
stat -c '%a %Y %s' out/tree/one out/tree/sub/two
readlink out/tree/link
[ out/tree/one -ef out/tree/hard ] && echo "hard link kept"
tar xf t.tar -O tree/one
