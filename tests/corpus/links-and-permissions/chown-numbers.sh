# Gives files to numeric owners and groups, links included.
: >f
mkdir d
: >d/inner
ln -s f link
owner() { stat -c '%u:%g %n' "$@"; }
owner f
chown 1000 f; owner f
chown 1000:1001 f; owner f
chown :55 f; owner f
chgrp 66 f; owner f
chown -R 7:8 d; owner d d/inner
chown 9 link; owner f link
chown -h 10:11 link; owner f link
find . -user 7 | sort
find . -group 66
chown 4294967294 f; owner f
chown nobodyatall f
echo "status $?"
chown 5 missing
echo "status $?"
