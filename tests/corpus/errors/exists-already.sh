# Creating what is there.
mkdir d; mkdir d; echo $?
mkdir -p d; echo $?
ln -s target l; ln -s other l; echo $?
echo a >f; ln f f; echo $?
mkfifo p; mkfifo p; echo $?
mkdir d/e; rmdir d; echo $?
mv d d/e; echo $?
