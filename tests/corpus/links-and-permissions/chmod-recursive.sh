# Changes the modes of a whole tree, directories and files apart.
mkdir -p t/a/b
echo '#!/bin/sh' >t/run
: >t/a/file
: >t/a/b/file
chmod -R 750 t
find t | sort | xargs stat -c '%a %n'
chmod -R a-x,u+rwX t
find t | sort | xargs stat -c '%a %n'
find t -type d -exec chmod 755 {} +
find t -type f -exec chmod 644 {} +
find t | sort | xargs stat -c '%a %n'
chmod -v 600 t/run
chmod -c 600 t/run
chmod -c 640 t/run
chmod 600 t/missing
echo "status $?"
