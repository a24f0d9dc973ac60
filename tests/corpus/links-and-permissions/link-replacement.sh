# Replaces links atomically, and links into directories.
mkdir v1 v2
echo 1 >v1/version
echo 2 >v2/version
ln -s v1 current
cat current/version
ln -sf v2 current
ls v1 current/ | sort
ln -sfn v2 current
cat current/version
ln -s v1 next
mv -T next current 2>/dev/null || echo "no -T"
ln -s version v1/alias v2 2>/dev/null
ls -1 v2
ln -s a b
ln -s c b
echo "status $?"
readlink b
