# Calculates with arbitrary precision.
echo '2^100' | bc
echo 'scale=20; 1/7' | bc
echo 'obase=16; 255; obase=2; 10' | bc
echo 'ibase=16; FF' | bc
bc <<'END'
define f(n) { if (n < 2) return 1; return n * f(n - 1); }
f(30)
for (i = 1; i <= 5; ++i) { i * i; }
x = 5; x += 2; x; x % 4; -7 / 2
sqrt(2); scale = 10; sqrt(2)
length(12345); scale(1.234)
END
echo '4*a(1)' | bc -l
echo '2 3 + p' | dc
dc -e '16 i FF p 10 o 5 k 2 v p'
echo '5 [d 1 - d 0 <a] sa la x f' | dc
echo '1/0' | bc; echo "status $?"
echo '3 + ' | bc 2>/dev/null; echo "status $?"
