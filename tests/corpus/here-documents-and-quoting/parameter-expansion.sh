# Defaults, lengths, prefixes, suffixes, substrings and replacements.
unset u; e=; s=path/to/file.tar.gz
echo ${u-unset} ${u:-unset} [${e-empty}] ${e:-empty} ${s+set} [${u+set}] [${e:+full}]
echo ${u:=assigned} $u
echo ${#s} ${#u} ${#}
echo ${s#*/} ${s##*/} ${s%.*} ${s%%.*} ${s#nomatch}
echo ${s:5} ${s:5:2} ${s: -2} ${s:0:4}
echo ${s/a/A} ${s//a/A} ${s//t?/<>} ${s/#path/P}
f=a.b.c; echo ${f%.?}${f#?.}
d='*'; echo "${d}" "${d#\*}."
n="x y"; echo "${n% *}|${n#* }|${u:-$n}|${zz:-"a  b"}"
(echo ${missing?is needed}; echo "not reached"); echo "status $?"
(: ${e:?}; echo "not reached"); echo "status $?"
echo "${s:+${f}${u}}" ${10} "$#"
i=3; echo "${s:i:2}" "${s:$((i + 1)):2}"
