# Makes temporary names, uses them through descriptors after removal.
t=$(mktemp ./tmp.XXXXXX)
case $t in ./tmp.??????) echo "a name of the right form";; esac
stat -c '%a %s' "$t"
d=$(mktemp -d -p . dir.XXXXXX)
stat -c '%a %F' "$d"
exec 5>"$t" 6<"$t"
rm "$t"
echo "still here" >&5
cat <&6
exec 5>&- 6<&-
ls "$t" 2>/dev/null || echo "name is gone"
rmdir "$d"
ls -A
