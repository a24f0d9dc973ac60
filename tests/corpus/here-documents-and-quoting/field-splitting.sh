# Splits expansions by IFS, and keeps them whole in quotes.
count() { echo "$#: $*"; }
v=' a  b c '
count $v; count "$v"; count x$v
IFS=:
p=a:b::c:
count $p; count "$p"
IFS=': '
q='a : b:c  d'
count $q
IFS=
count $v
unset IFS
count $v
set -- one 'two three' ''
count $@; count "$@"; count $*; count "$*"
IFS=-; count "$*"; IFS=' '
empty=; count $empty; count "$empty"; count $empty"$empty"
for w in $(echo a b; echo c); do printf '<%s>' $w; done; echo
read a b <<END
x   y  z 
END
echo "[$a][$b]"
