# Commands that are missing, not executable, or not programs.
./missing 2>/dev/null; echo $?
echo 'echo script' >s; ./s; echo $?
chmod +x s; ./s; echo $?
mkdir d; ./d; echo $?
printf '#!/no/such/interpreter\n' >i; chmod +x i; ./i 2>/dev/null; echo $?
: >empty; chmod +x empty; ./empty; echo $?
