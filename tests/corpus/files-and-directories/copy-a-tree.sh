# Copies a tree with its modes, times and links, and finds the copy equal.
mkdir -p src/sub/deep src/empty
echo one >src/one
echo two >src/sub/two
printf 'three\n' >src/sub/deep/three
ln -s ../one src/sub/link
chmod 640 src/one
chmod 755 src/sub/two
touch -d '2001-02-03 04:05:06' src/one src/sub/two src/sub/deep/three
cp -a src dst
diff -r src dst && echo same
find dst -type f | sort | xargs stat -c '%n %a %s %Y'
readlink dst/sub/link
cp -r src/sub plain
[ -f plain/two ] && cat plain/link 2>/dev/null || echo "the link dangles here"
cp -rL src/sub followed && stat -c '%F %n' followed/link
