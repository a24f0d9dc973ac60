# Copies links as links or as what they name, by the options of cp.
echo content >real
ln -s real soft
cp soft copied; stat -c '%F' copied
cp -d soft kept; stat -c '%F' kept; readlink kept
cp -P soft kept2; readlink kept2
mkdir d; ln -s ../real d/up; ln -s /nonexistent d/abs
cp -R d e; readlink e/up e/abs 2>/dev/null || { readlink e/up; readlink e/abs; }
cp -RL d f
echo "status $?"
ls f
cp -s real made; readlink made
cp -l real hard; [ real -ef hard ] && echo hard
cp real real
echo "status $?"
