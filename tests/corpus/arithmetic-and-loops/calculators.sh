# dc and bc compute with many digits.
echo '2 200 ^ p' | dc
echo '10 k 2 v p' | dc 2>&1
echo '12 34 + 5 * p 7 r p' | dc
echo '2^100' | bc; echo 'scale=20; 1/3' | bc
echo 'define f(x) { if (x <= 1) return (1); return (x * f(x-1)); } f(30)' | bc
echo 'for (i = 0; i < 5; i++) i * i' | bc
