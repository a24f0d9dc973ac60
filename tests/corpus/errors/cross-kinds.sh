# Operations on the wrong kind of thing.
mkfifo p; rmdir p; echo $?
ln missing l; echo $?
mkdir -p a/b; mv a a/b/c; echo $?
readlink a; echo $?
touch x; readlink x; echo $?
ls x/; echo $?
cat x/y; echo $?
