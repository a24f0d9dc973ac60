# Converts dates between forms, always from a given time.
date -d @0
date -d '2024-02-29 12:34:56' '+%Y %m %d %H %M %S %j %u %a %A %b %B %y %e %p %I'
date -d '2000-01-01 00:00:00' +%s
date -u -d @1700000000 '+%F %T'
date -d @86399 +%R; date -I -d '2021-05-05 10:00'; date -R -d @1000000000
TZ=EST5EDT date -d @1720000000 '+%F %T %Z %z'
TZ=CET-1CEST,M3.5.0,M10.5.0/3 date -d @1720000000 '+%T %Z'
date -D '%d/%m/%Y' -d '24/12/1999' +%F
touch -d '2003-03-03 03:03:03' f; date -r f '+%F %T'
date -d 'no date at all'; echo "status $?"
cal 2 2024
cal 9 1752
cal -j 1 2000
