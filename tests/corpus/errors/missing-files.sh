# Tools say which file is missing, and answer with their status.
cat missing; echo $?
cp missing x; echo $?
mv missing x; echo $?
rm missing; echo $?
ls missing; echo $?
cat <missing; echo $?
rm -f missing; echo $?
