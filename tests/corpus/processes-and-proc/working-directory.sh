# The working directory and the root of a process.
mkdir -p d/e; cd d/e
[ "$(readlink /proc/$$/cwd)" = "$(pwd)" ] && echo "the same"
readlink /proc/self/root
cd ..; [ "$(readlink /proc/$$/cwd)" = "$(pwd)" ] && basename $(readlink /proc/$$/cwd)
(cd /; readlink /proc/self/cwd)
ls -d /proc/self/cwd/e | sed 's|.*/||'
