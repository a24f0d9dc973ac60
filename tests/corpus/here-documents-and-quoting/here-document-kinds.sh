# Here-documents: expanded, literal, with tabs removed, and several at once.
name=world
cat <<END
Hello $name, $((6 * 7)), $(echo substituted), \$name, a \\ backslash
"quotes" 'stay'
END
cat <<'END'
Hello $name, $((6 * 7)), $(echo no), \$name
END
cat <<-END
	tabs are
		removed before $name
	END
cat <<"A B"
odd $end
A B
cat <<ONE - <<TWO
first
ONE
second
TWO
cat <<END | tr a-z A-Z
piped
END
cat <<\END
literal $x \
too
END
