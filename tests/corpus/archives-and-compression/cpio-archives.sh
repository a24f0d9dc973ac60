# Packs names from a list into cpio archives, lists and unpacks them.
mkdir -p in/deep out
echo alpha >in/a
echo beta >in/deep/b
ln -s a in/link
chmod 700 in/a
find in | sort | cpio -o -H newc >x.cpio 2>/dev/null
cpio -t <x.cpio 2>/dev/null
(cd out && cpio -i -d <../x.cpio 2>/dev/null)
find out | sort
stat -c '%a %s' out/in/a
readlink out/in/link
cat out/in/deep/b
head -c 6 x.cpio; echo
printf 'garbage' | cpio -t
echo "status $?"
