# Takes paths apart and resolves them.
mkdir -p a/b
touch a/b/file.txt
ln -s a/b/file.txt short
ln -s loop loop
for p in /usr/lib/x.so a/b/ / . name; do
    echo "$(basename "$p") $(dirname "$p")"
done
basename a/b/file.txt .txt
here=$(pwd -P)
realpath short | sed "s|^$here|HERE|"
realpath a/../a/./b | sed "s|^$here|HERE|"
readlink -f short | sed "s|^$here|HERE|"
readlink short
readlink a; echo "status $?"
readlink -f loop; echo "status $?"
realpath missing/x; echo "status $?"
