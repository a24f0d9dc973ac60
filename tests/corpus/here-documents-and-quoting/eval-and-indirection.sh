# Builds commands from text and runs them.
cmd='echo "two  words" | tr a-z A-Z'
eval "$cmd"
for i in 1 2 3; do eval "v$i=$((i * i))"; done
echo $v1 $v2 $v3
name=v3; eval "echo \$$name"
eval 'f() { echo "made by eval: $1"; }'; f x
eval; echo "status $?"
eval 'false'; echo "status $?"
eval "echo 'it'\\''s'"
x='$y'; y=z; eval echo $x; echo $x
eval "for n in a b; do
echo \$n
done"
quote() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"; }
q=$(quote "it's \$HOME \"x\""); eval "echo $q"
(eval 'echo unclosed "'; echo "not reached"); echo "status $?"
alias hi='echo hello'
hi there
unalias hi; type hi 2>/dev/null || echo "no alias now"
