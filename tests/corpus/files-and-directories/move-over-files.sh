# Moves files over files, into directories, and directories over empty ones.
echo first >a
echo second >b
mv a b
cat b
ls
mkdir d1 d2
mv b d1
cat d1/b
mv d1 d2
find . | sort
echo new >b
mv -f b d2/d1/b
cat d2/d1/b
mkdir d1
mv -T d2/d1 d1 2>/dev/null || mv d2/d1/b d1/b
find . -type f | sort
mv missing d1
echo "status $?"
