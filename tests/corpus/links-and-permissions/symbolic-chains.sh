# Follows chains of symbolic links, relative and through directories.
mkdir -p d/e
echo target >d/e/file
ln -s e/file d/one
ln -s d/one two
ln -s two three
cat three
readlink three two d/one 2>/dev/null || readlink three
[ -L three ] && echo "a link"
[ -f three ] && echo "to a file"
ln -s d/e dir
cat dir/file
echo more >>three
cat d/e/file
ls dir
ls -d dir
rm three && cat two | wc -l
