# Makes nested directories in one go, lists them, and removes them from the leaves up.
mkdir -p a/b/c a/d e
mkdir -m 700 a/private
find a e | sort
rmdir a/b/c a/b
rmdir -p a/d
echo "rmdir -p: $?"
rmdir a/private a
echo "rmdir: $?"
mkdir -p x/y/z && rmdir -p x/y/z
echo "chain: $?"
ls -A | sort
[ -d x ] || echo "x is gone"
