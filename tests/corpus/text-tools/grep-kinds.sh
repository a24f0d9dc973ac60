# Finds lines by basic, extended and fixed patterns, with context and counts.
cat >f <<'END'
first line
second line with a+b
third: foo.bar
fourth FOO bar
fifth foobar

last
END
grep foo f; grep -i foo f; grep -v line f; grep -c line f; grep -n '^f' f
grep -F 'a+b' f; grep 'foo.bar' f; grep -F foo.bar f; grep -E 'fi(rst|fth)' f
grep -w foo f; grep -x last f; grep -o '[a-z]*bar' f; grep -n '^$' f
grep -A1 second f; grep -B1 fifth f; grep -C1 third f
grep -l foo f f; grep -L foo f; grep -h last f f; grep -H last f; grep -m 2 line f
grep -q foo f; echo "status $?"; grep -q absent f; echo "status $?"
grep x missing; echo "status $?"; grep -s x missing; echo "status $?"
printf 'foo\nlast\n' >p; grep -f p f; grep -e first -e last f
mkdir d; cp f d/g; grep -r third d; grep -rl fourth . | sort
grep '\(o\)\1' f; grep -E 'o{2}' f; grep '[[:upper:]]' f; egrep 'x|last' f; fgrep . f
