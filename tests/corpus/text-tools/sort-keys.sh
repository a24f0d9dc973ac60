# Sorts by fields, numbers, reverse, unique, stable, and checks the order.
cat >f <<'END'
pear 10 c
apple 9 b
fig 100 a
apple 10 d
Banana 2 e
END
sort f; echo --
sort -f f; echo --
sort -k2n f; echo --
sort -k2 f; echo --
sort -k1,1 -k2,2nr f; echo --
sort -r -k3 f; echo --
cut -d' ' -f1 f | sort -u; echo --
sort -t' ' -k2,2n -s f; echo --
printf '1K\n10\n-5\n0x1\n1.5\n' | sort -n; echo --
printf '10 b\n9 b\n10 a\n' | sort -o f2 && cat f2
sort -c f2; echo "status $?"; sort -c f; echo "status $?"
printf 'b\0a\0' | sort -z | tr '\0' ' '; echo
sort -m f2 f2 | uniq -c | sed 's/^ *//'
printf 'v1.10\nv1.9\nv1.2\n' | sort -V
