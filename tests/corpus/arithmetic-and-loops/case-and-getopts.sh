# case patterns and option parsing in loops.
for v in 1 10 abc Abc '' '*' a/b; do
    case $v in [0-9]) echo digit;; [0-9]*) echo number;; [a-z]*) echo lower;; '') echo empty;; \*) echo star;; *) echo other;; esac
done
parse() { OPTIND=1; while getopts ab:c o; do case $o in a) echo a;; b) echo "b=$OPTARG";; c) echo c;; ?) echo "bad";; esac; done; shift $((OPTIND - 1)); echo "rest: $*"; }
parse -a -b value -c x y; parse -ac -bq; parse -b 2>&1; parse -z 2>&1; parse -- -a
