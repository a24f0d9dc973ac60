# Nested functions, locals, recursion, return values, and redefinition.
x=global
outer() {
    local x=outer y
    inner() { echo "inner sees $x"; x=changed; y=set; }
    inner
    echo "outer has $x and $y"
}
outer
echo "after: $x [${y-unset}]"
fact() { [ $1 -le 1 ] && echo 1 || echo $(($1 * $(fact $(($1 - 1))))); }
fact 10
depth() { [ $1 -eq 0 ] && return 7; depth $(($1 - 1)); }
depth 200; echo "status $?"
f() { echo one; }; f; f() { echo two; }; f; unset -f f; f 2>/dev/null || echo "not a function"
g() { return; }; false; g; echo "status $?"
h() (x=sub; exit 4); h; echo "$? $x"
r() { echo redirected; } >out; r; cat out
ls() { command ls "$@" | tr a-z A-Z; }; ls; unset -f ls
var=temp eval 'echo $var'; echo "[${var-}]"
