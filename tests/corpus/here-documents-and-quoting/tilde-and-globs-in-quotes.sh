# Which expansions happen in which places: assignments, quotes, patterns.
touch a1 a2
[ ~ = "$HOME" ] && echo "tilde is home"
echo "~" '~' x~ \~
p=~/x; [ "$p" = "$HOME/x" ] && echo "in an assignment"
echo "a*" 'a*' a\* a*
x=a*; echo $x "$x"
y="$(echo a*)"; echo "$y"
for f in "a*" a*; do printf '%s ' "$f"; done; echo
[ "a*" = 'a*' ] && echo equal
echo {a,b} a{1,2} 2>/dev/null
echo "$((1 + 1))" '$((1 + 1))' $((1+1))a
echo "${x}" ${x}1 "${x}1"
z=$'\n'; echo "[${z}]" | wc -l
echo a\ b 'c d'e"f g"
export Q="quote ' inside"; sh -c 'echo "$Q"'
