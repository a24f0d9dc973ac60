# Many and long arguments.
set -- $(seq 1 2000); $(which echo) "$@" | wc -c
sh -c 'echo $#' x "$@"
seq 1 5000 | xargs echo | wc -w
seq 1 10 | xargs -n 3 echo
printf 'a\0b c\0' | xargs -0 -n 1 echo
sh -c 'echo "$0|$1|$2"' zero one
