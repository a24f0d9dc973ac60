# Makes files and directories under several masks.
for mask in 000 022 027 077 0777; do
    (
        umask $mask
        umask
        : >f$mask
        mkdir d$mask
        mkfifo p$mask
        stat -c '%a %n' f$mask d$mask p$mask
    )
done
umask
umask -S
umask u=rwx,g=,o=
umask
umask -S
mkdir -m 777 open && stat -c %a open
umask 9 2>/dev/null
echo "status $?"
