# Sums, groups and formats records with awk.
cat >sales <<'END'
north,apples,10,1.50
south,pears,3,2.25
north,pears,7,2.25
east,apples,12,1.50
south,apples,5,1.50
END
awk -F, '{ n[$1] += $3; v[$1] += $3 * $4 } END { for (k in n) printf "%-6s %3d %7.2f\n", k, n[k], v[k] }' sales | sort
awk -F, '$3 > 5 && $2 == "apples"' sales
awk -F, 'NR == 2, NR == 4 { print NR ": " $NF }' sales
awk -F, -v OFS='\t' '{ $3 = $3 * 2; print $1, $3 }' sales
awk 'BEGIN { RS = "," } { n++ } END { print n, NR }' sales
awk -F, '{ sum += $3; if ($3 > max) { max = $3; who = $1 } } END { print sum, sum / NR, who, max }' sales
awk -F, '{ print NF, length($0) }' sales | uniq -c | sed 's/^ *//'
awk '/pears/ { next } { print } END { exit 3 }' sales
echo "status $?"
