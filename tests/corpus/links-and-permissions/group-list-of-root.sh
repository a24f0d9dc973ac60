# Tells who one is by numbers and by the name of root.
id -u
id -g
id -un
id -ru
id -rg
whoami
echo ~ | sed "s|^$HOME\$|home|"
[ -O "$HOME" ] && [ -G "$HOME" ] && echo "owns the home"
id 0 >/dev/null 2>&1; id -u root
stat -c '%u %g' /proc/self
(umask 077; : >mine; stat -c '%u:%g %a' mine)
id -G | tr ' ' '\n' | head -n 1
