# Here-documents in functions, loops, conditions and substitutions.
show() {
    cat <<END
$1: $#
END
}
show a b; show 'c d'
for i in 1 2; do cat <<END; done
loop $i
END
if grep -q yes <<END
maybe
yes
END
then echo found; fi
x=$(cat <<END
in a substitution
END
)
echo "$x"
while read a b; do echo "$b $a"; done <<END
1 one
2 two
END
{ read first; cat; } <<END
head
rest
END
cat <<END && echo after
before
END
cat <<END
$(cat <<INNER
nested
INNER
)
END
