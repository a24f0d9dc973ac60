# Sets, shifts and loops over positional parameters.
set -- a 'b c' d e f g h i j k l
echo $# $1 "$2" ${10} ${11} $10
shift; echo $# "$1"
shift 3; echo $# "$*"
for a; do printf '%s.' "$a"; done; echo
f() { echo "f has $# and $1; $0" | sed 's|; .*|; name|'; set -- x y; echo $# $2; }
f 1 2 3; echo $#
set --; echo $# "[$*]" "[$@]"
shift; echo "status $?"
while [ $# -lt 3 ]; do set -- "$@" n$#; done; echo "$@"
set -- -n -e text; echo "$#" "$3"
eval "set -- 'quoted words' second"; echo $#:"$1"
sh -c 'echo "$0/$1/$#"' zero one two
last() { shift $(($# - 1)); echo "$1"; }; last a b c
shift 9
echo "not reached"
