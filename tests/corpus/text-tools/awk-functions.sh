# Strings, numbers, arrays, recursion and streams in awk.
awk 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) }
BEGIN {
    for (i = 1; i <= 15; i++) printf "%d ", f(i); print ""
    s = "The Quick Brown Fox"
    print toupper(s), tolower(s), length(s)
    print substr(s, 5, 5), index(s, "Brown"), match(s, /B[a-z]+/), RSTART, RLENGTH
    n = split(s, w, " "); for (i = n; i > 0; i--) printf "%s ", w[i]; print ""
    t = s; print gsub(/o/, "0", t), t; sub(/Quick/, "<&>", t); print t
    print int(-3.7), 7 % 3, 2 ^ 10, 1e6, 0.1 + 0.2, 1 / 3
    printf "%5d|%-5d|%05d|%x|%o|%e|%g|%c|%s|%%\n", 42, 42, 42, 255, 8, 12345.678, 0.0001, 65, "str"
    a["x"] = 1; a["y"] = 2; delete a["x"]; print ("x" in a), ("y" in a), length(a)
    m[1, 2] = 3; for (k in m) { split(k, p, SUBSEP); print p[1] "-" p[2], m[k] }
    while (("echo a; echo b" | getline line) > 0) print "read " line
    print "sorted" | "sort"; print "and" | "sort"; close("sort")
    print system("exit 3"); print ENVIRON["HOME"] == "" ? "no" : "home set"
    print and(12, 10), or(12, 10), xor(12, 10), lshift(1, 4), strftime("%F", 0)
}'
printf 'k v\nk2 v2\n' | awk '{ print $2 > $1 }' && cat k k2
