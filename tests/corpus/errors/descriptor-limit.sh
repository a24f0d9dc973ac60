# Opening more descriptors than the limit allows.
ulimit -n 12; ulimit -n
sh -c 'exec 3</dev/null 4</dev/null 5</dev/null 6</dev/null 7</dev/null 8</dev/null 9</dev/null; echo open'
(ulimit -n 4; cat /dev/null; echo $?)
(ulimit -n 3; cat /dev/null; echo $?)
