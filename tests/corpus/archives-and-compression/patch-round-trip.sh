# Makes differences between trees, applies and reverses them.
mkdir a b
seq 1 30 >a/f
sed -e '5s/.*/five/' -e '20d' -e '25a\
inserted' a/f >b/f
echo same >a/s; cp a/s b/s
diff -u -L a/f -L b/f a/f b/f >p
echo "status $?"
cat p
cp a/f work
patch work <p
cmp work b/f && echo patched
patch -R work <p
cmp work a/f && echo reversed
seq 100 110 >other
patch other <p
echo "status $?"
ls
