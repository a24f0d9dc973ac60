# Gives one file several names and counts them.
echo data >a
ln a b
ln b c
stat -c '%n %h' a b c
[ a -ef c ] && echo "the same file"
echo more >>b
cat c
rm a
stat -c '%n %h' b c
cp b d
[ b -ef d ] || echo "a copy is another file"
ln b d
echo "status $?"
ln -f b d && stat -c %h b
find . -samefile c | sort
mkdir dir
ln dir dir2
echo "status $?"
