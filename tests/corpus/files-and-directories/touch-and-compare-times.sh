# Sets times by touch, copies them from a file, and compares them by find and test.
touch -d '2020-01-01 00:00:00' old
touch -d '2021-06-15 12:30:45' middle
touch -d '2022-12-31 23:59:59' new
stat -c '%n %Y %y' old middle new
touch -r old copied
stat -c '%n %X %Y' copied
find . -type f -newer old | sort
find . -type f ! -newer middle | sort
[ new -nt old ] && echo "new is newer"
[ old -ot middle ] && echo "old is older"
[ old -nt copied ] || echo "equal is not newer"
touch -c absent
ls absent 2>/dev/null || echo "not made"
ls -1t old new middle
ls -1tr old new middle
