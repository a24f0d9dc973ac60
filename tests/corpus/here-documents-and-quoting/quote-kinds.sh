# Single, double, backslash and dollar quotes, alone and mixed.
x='a  b'
echo $x "$x" '$x' \$x "\$x" '\$x'
echo 'it'\''s' "it's" it\'s
echo "double \"inside\"" 'single "inside"'
echo "back\\slash" 'back\slash' back\\slash
printf '%s\n' "new
line" 'new
line'
echo "a\
b" 'a\
b'
printf '<%s>' "" '' a""b ""$x"" "$x"'$x'; echo
echo $'tab\there' $'\x41\102' $'q\'q'
printf '%s\n' "`echo "inner"`" "$(echo "in $(echo "deep")")"
echo "\a\b" | od -An -c
echo -e 'a\tb\nc\\d\0101'; echo -n no newline; echo; echo -E 'a\tb'
set -- "a b" c; printf '[%s]' "$@" "$*" $@; echo
