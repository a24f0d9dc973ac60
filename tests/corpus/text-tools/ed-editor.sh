# Edits a file with the line editor by commands from a here-document.
printf 'alpha\nbeta\ngamma\n' >f
ed f <<'END'
1,$p
2s/beta/BETA/
2a
inserted
.
/gamma/d
w
q
END
echo "status $?"
cat f
printf '$a\nlast\n.\n1m2\nw g\nq\n' | ed f
cat g
printf 'x\n9p\nq\n' | ed f
