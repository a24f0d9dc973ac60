# Counts words of a text in a pipeline of small tools.
cat >text <<'END'
It was the best of times, it was the worst of times, it was the age of
wisdom, it was the age of foolishness, it was the epoch of belief, it was
the epoch of incredulity, it was the season of Light, it was the season of
Darkness, it was the spring of hope, it was the winter of despair.
END
tr 'A-Z' 'a-z' <text | tr -cs 'a-z' '\n' | sort | uniq -c | sort -k1,1nr -k2 | head -n 8 | awk '{ print $1, $2 }'
tr -cs 'A-Za-z' '\n' <text | awk '{ l[length($0)]++ } END { for (i = 1; i < 13; i++) if (l[i]) print i, l[i] }'
tr -d '\n' <text | fold -w 1 | sort | uniq -c | sort -k1,1nr -k2 | head -n 4 | awk '{ print $1 }'
grep -o '[a-z]*ness' text
sed 's/[^,]//g' text | tr -d '\n' | wc -c
awk '{ for (i = NF; i > 0; i--) printf "%s%s", $i, i > 1 ? " " : "\n" }' text
rev text | cut -c 1-10 | rev
