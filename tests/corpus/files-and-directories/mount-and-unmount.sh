# A file system is mounted, used and unmounted again; what cannot be mounted is refused.
mkdir tree
mount -t proc proc tree; echo "mounted $?"
read -r name <tree/self/comm; echo "$name"
grep -c " $PWD/tree proc " tree/mounts
(cd tree && umount "$OLDPWD/tree"; echo "busy $?") 2>&1 | sed "s|$PWD|.|g"
umount tree; echo "unmounted $?"
ls tree | wc -l
umount "$PWD/tree" 2>/dev/null; echo "again $?"
mount -t proc proc missing; echo "missing $?"
touch file; mount -t proc proc file; echo "file $?"
mount -t nothing nothing tree; echo "type $?"
