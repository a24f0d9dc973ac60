# Command substitution collects output through a pipe, nested and with descriptors.
x=$(echo one; echo two)
echo "$x"
echo $x
y=$(printf 'trailing\n\n\n'); echo "[$y]"
echo "$(echo "$(echo "$(echo deep)")")"
z=$(echo out; echo err >&2) 2>e; echo "$z"; cat e
exec 3>&1
w=$(echo kept; echo around >&3)
exec 3>&-
echo "$w"
n=$(<f) 2>/dev/null; echo "[$n]"
echo file >f; n=$(cat f); echo "[$n]"
v=`echo \`echo back\``; echo $v
s=$(exit 5); echo "status $?"
lines=$(seq 1 2000); set -- $lines; echo $# ${2000}
