# Edits streams: substitutions, addresses, hold space, branches, files.
seq 1 10 >n
sed -n '3p;5,7p;$p' n | paste -s -d' ' -
sed '2,9d' n
sed -e 's/1/one/' -e 's/0$/zero/' n | tail -n 1
echo 'aaa bbb' | sed 's/a/X/2; s/b/Y/g'
echo 'John Smith' | sed -E 's/([A-Za-z]+) ([A-Za-z]+)/\2, \1/'
echo path/to/file | sed 's|/|::|g; s/.*/<&>/'
sed -n '1!G;h;$p' n | tr '\n' ' '; echo
sed '$!N;s/\n/-/' n
sed ':a;N;$!ba;s/\n/,/g' n
sed -n '/3/,/5/{=;p}' n
sed 'y/123/abc/' n | head -n 3
sed -e '2i\
before two' -e '2a after two' -e '4c\
changed' n | head -n 7
sed -i 's/^/x/' n && head -n 1 n
sed 's/x\(.\)/\1/w out' n >/dev/null && wc -l <out
sed '3q' n; sed -n '$=' n; sed '0~3d' n 2>&1 | wc -l
sed 's/[/x/' n; echo "status $?"
