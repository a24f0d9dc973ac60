# Reads ends and beginnings of streams by lines and bytes.
seq 1 100 >f
head -n 3 f; tail -n 3 f
tail -n +98 f; head -c 7 f; echo; tail -c 5 f
head -n -97 f
seq 1 20 | tail -n 2
seq 1 20 | head -c 5; echo
head -n 1 f f | cat
tail -q -n 1 f f
tail -v -n 1 f
printf 'no newline' | tail -n 1; echo
tail -n 1 missing f; echo "status $?"
tail -f f >followed & p=$!
until grep -q 100 followed 2>/dev/null; do sleep 0.02; done
echo appended >>f
until grep -q appended followed 2>/dev/null; do sleep 0.05; done
kill $p; wait $p 2>/dev/null; tail -n 1 followed
