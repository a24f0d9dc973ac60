# Formats strings and numbers with printf, repeating the format.
printf '%s-%s\n' a b c
printf '%d %i %u %x %X %o\n' 10 -10 10 255 255 8
printf '%5d|%-5d|%05d|%+d|% d\n' 42 42 42 42 42
printf '%8s|%-8s|%.3s|%8.3s|%*s\n' right left truncate both 5 star
printf '%c%c\n' abc xyz
printf '%f %.2f %e %g\n' 3.14159 2.71828 12345.678 0.00001234
printf '%b\n' 'a\tb\\n\0101' ; printf '%%\n'
printf '\x41\102\t|\n'
printf '%d %d\n' 0x1f 010; printf '%d\n' "'A"
printf '%s\n'; printf 'no arguments\n'
printf '%d\n' abc; echo "status $?"
printf '%d\n' 12x; echo "status $?"
printf '%q\n' x 2>/dev/null; echo "status $?"
printf -- '-%s-\n' dash
printf '%s' one; printf '\n'
printf '%10.4f|%-10.1e|\n' 1.5 1500
