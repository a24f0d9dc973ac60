# awk's numbers: integers, floats, formats, functions.
awk 'BEGIN { print 1/3, 2^31, 10 % 3, -7 % 3, 1e6, 100000 * 100000, 0.1 + 0.2 }'
awk 'BEGIN { printf "%.3f %e %g %5d|%-5d|%05d %x %o %c\n", 3.14159, 31415.9, 0.0001, 42, 42, 42, 255, 8, 65 }'
awk 'BEGIN { print int(3.9), int(-3.9), sqrt(144), exp(0), log(1), sin(0), cos(0), atan2(0, -1) }'
awk 'BEGIN { for (i = 1; i <= 1000; i++) s += i * i; print s }'
awk 'BEGIN { print length("hello"), index("hello", "l"), substr("hello", 2, 3), toupper("x") 1 + 1 }'
awk 'BEGIN { x["a"] = 1; x["b"] = 2; n = 0; for (k in x) n += x[k]; print n, ("a" in x), ("c" in x) }'
