# Cuts columns, pastes them together, and translates characters.
printf 'a:b:c:d\n1:2:3:4\nno delimiter\n' >f
cut -d: -f2 f; cut -d: -f1,3- f; cut -s -d: -f4 f; cut -c2-4 f; cut -b1 f
cut -d: -f2 --output-delimiter=+ f 2>/dev/null || echo "no such option"
printf '1\n2\n3\n' >x; printf 'one\ntwo\n' >y
paste x y; paste -d, x y x; paste -s x y; paste -d'+-' -s x; paste - - <x
echo Hello World | tr a-z A-Z
echo Hello World | tr -d lo
echo 'a    b   c' | tr -s ' '
echo abc123 | tr -cd 0-9; echo
echo abc | tr abc 'x\ny'
echo 'hello' | tr '[:lower:]' '[:upper:]'
printf 'a\tb\n' | tr '\t' ' '
echo 12345 | tr 1-5 a-c
printf '\001\002' | tr '\001-\002' 'AB'; echo
rev f; tac f
