# Files of /proc that describe the system.
grep -c MemTotal /proc/meminfo; grep -c MemFree /proc/meminfo
awk '{ print NF, ($1 > 0) }' /proc/uptime
awk '{ print NF }' /proc/loadavg
awk '/^cpu / { print "cpu", (NF >= 8) }' /proc/stat
grep -c '^processor' /proc/cpuinfo | awk '{ print ($1 >= 1) }'
[ -s /proc/version ] && echo version
grep -c proc /proc/filesystems | awk '{ print ($1 >= 1) }'
cat /proc/sys/kernel/ostype
[ "$(cat /proc/sys/kernel/hostname)" = "$(hostname)" ] && echo hostname
