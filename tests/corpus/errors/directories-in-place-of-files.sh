# A directory where a file is wanted, and a file where a directory is wanted.
mkdir d; echo x >f
cat d; echo $?
echo y >d; echo $?
cd f; echo $?
ls f/x; echo $?
mkdir f/sub; echo $?
rm d; echo $?
rmdir f; echo $?
cp d e; echo $?
wc d; echo $?
