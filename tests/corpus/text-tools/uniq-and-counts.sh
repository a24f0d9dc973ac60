# Counts, shows and hides repeated lines.
printf 'a\na\nb\nc\nc\nc\na\nB\nb\n' >f
uniq f
uniq -c f | sed 's/^ *//'
uniq -d f
uniq -u f
uniq -i f | tail -n 1
printf '1 x\n2 x\n3 y\n' | uniq -f 1
printf 'ax\nbx\ncy\n' | uniq -s 1
printf 'abc1\nabc2\nabd3\n' | uniq -w 3
sort f | uniq -c | sort -k1,1nr -k2 | head -n 2 | sed 's/^ *//'
uniq f out && wc -l <out
tr -cs 'a-z' '\n' <<'END' | sort | uniq -c | sort -rn -k1,1 | head -n 1 | sed 's/^ *//'
the cat and the dog and the bird
END
