# Files are written out; what is known of their file system and of the machine's log.
echo content >file
sync; echo "all $?"
sync file; echo "one $?"
sync -f file; echo "its file system $?"
sync missing; echo "missing $?"
stat -f -c '%n %l' file
stat -f missing; echo "missing $?"
df -k . | wc -l
df missing; echo "missing $?"
df . | { read -r header; read -r device blocks used free percent mount; [ "$blocks" -ge "$used" ] && echo sound; }
dmesg >/dev/null 2>&1; echo asked
dmesg -n wrong 2>/dev/null; echo "wrong $?"
