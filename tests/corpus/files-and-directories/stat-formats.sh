# Tells size, kind, mode, owner and times of files in chosen formats.
printf 'hello' >file
mkdir -m 750 dir
ln -s file link
mkfifo fifo
chmod 6711 file
chown 12:34 file
touch -d '1999-12-31 23:59:59' file
stat -c '%n|%F|%s|%a|%A|%u:%g|%Y|%h' file
stat -c '%n|%F|%a|%A' dir fifo
stat -c '%N|%F|%s' link
stat -L -c '%n|%F|%s' link
stat -c '%x / %y' file
stat -c '%F %t,%T' /dev/null /dev/zero /dev/full
stat -c '%F' /proc /proc/self/exe
