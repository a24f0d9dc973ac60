# Matches words against patterns of case, quoted and not.
kind() {
    case $1 in
    '') echo empty ;;
    [0-9]|[0-9][0-9]) echo "small number" ;;
    *[!0-9]*) case $1 in -*) echo option ;; *.c|*.h) echo "C file" ;; \*) echo star ;; *) echo word ;; esac ;;
    *) echo number ;;
    esac
}
for w in '' 7 42 1234 -x a.c b.h '*' hello; do echo "$w: $(kind "$w")"; done
p='a*'
case abc in "$p") echo quoted;; $p) echo unquoted;; esac
case 'a*' in "$p") echo quoted;; esac
case x in (x) echo parenthesis;; esac
case a-b in a[-]b) echo hyphen;; esac
case ']' in []]) echo bracket;; esac
case b in [a-c]) echo range;; esac; case B in [[:lower:]]) echo lower;; [[:upper:]]) echo upper;; esac
case nothing in a) ;; esac; echo "status $?"
case a in a) false;; esac; echo "status $?"
case x in *) ;; esac && echo "empty branch"
