# User and group of a process and of what it makes.
id -u; id -g
touch f; stat -c '%u %g' f
[ "$(stat -c %u /proc/self)" = "$(id -u)" ] && echo owner
umask; umask 027; umask; touch g; stat -c %a g; umask 022
(umask 077; mkdir h; stat -c %a h)
