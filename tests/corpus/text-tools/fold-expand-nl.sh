# Folds, numbers, expands and counts lines.
text='The quick brown fox jumps over the lazy dog and runs away.'
echo "$text" | fold -w 20
echo "$text" | fold -s -w 20
printf 'a\tb\tc\n' | expand; printf 'a\tb\n' | expand -t 4
printf '        x       y\n' | unexpand | od -c; printf 'a       b\n' | unexpand -a | od -c
printf 'a\n\nb\n' | nl; printf 'a\n\nb\n' | nl -b a -w 3 -s ': '; printf 'x\ny\n' | nl -v 10 -i 5
printf 'one two\nthree\n' >w; wc w; wc -l w; wc -w <w; wc -c <w; wc -L w; wc w w
printf 'a\r\nb\r\n' >dos; dos2unix dos; od -c dos; unix2dos dos; wc -c <dos
cat -n w; cat -A dos; printf '\001\177\200' | cat -v; echo
cat -b w - </dev/null; cat -e w
seq 1 3 | tac; rev w
