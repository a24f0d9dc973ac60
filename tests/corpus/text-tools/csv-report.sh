# Joins two tables by a key and prints a report with totals.
cat >people <<'END'
3,Carol
1,Alice
2,Bob
END
cat >hours <<'END'
1,8
2,6
1,4
3,7
2,2
9,5
END
awk -F, 'NR == FNR { name[$1] = $2; next } { h[$1] += $2 } END { for (k in h) print (k in name ? name[k] : "unknown " k) "," h[k] }' people hours | sort >joined
cat joined
while IFS=, read -r who n; do printf '%-10s|%4d|%s\n' "$who" "$n" "$(printf '%*s' "$n" '' | tr ' ' '#')"; done <joined
echo "total $(cut -d, -f2 joined | paste -s -d+ - | bc)"
sort -t, -k2,2nr joined | head -n 1
awk -F, '{ t += $2; print t "\t" $1 }' joined | expand -t 8
sed -n 's/^\([A-Z]\)[a-z]*,\([0-9]*\)$/\1=\2/p' joined | tr '\n' ' '; echo
