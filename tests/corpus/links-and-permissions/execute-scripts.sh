# Runs scripts by path, which needs the right to execute and an interpreter line or none.
applets=${PATH%%:*}
printf '#!%s/sh\necho "ran with $# arguments: $*"\n' "$applets" >direct
printf 'echo "no interpreter line, $1"\n' >bare
printf '#!/no/such/interpreter\n' >broken
./direct
echo "status $?"
chmod 644 direct; sh ./direct a
chmod 755 direct bare broken
./direct one 'two words'
./bare hello
./broken 2>/dev/null
echo "status $?"
mkdir dir; ./dir
echo "status $?"
printf '#!%s/sed -f\ns/a/b/g\n' "$applets" >script.sed
chmod +x script.sed
echo banana >in; ./script.sed in
