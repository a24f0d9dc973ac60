# Meets links that lead nowhere and links that lead to themselves.
ln -s nowhere dangling
[ -e dangling ] || echo "does not exist"
[ -L dangling ] && echo "but is a link"
cat dangling
echo "status $?"
echo made >dangling
cat nowhere
ln -s b a
ln -s a b
cat a
echo "status $?"
cd a
echo "status $?"
ls -d a
rm a b
ls
