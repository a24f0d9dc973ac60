# Makes a hundred files in a directory, counts, renames and removes them in passes.
mkdir many
i=0
while [ $i -lt 100 ]; do
    echo "$i" >many/file$i
    i=$((i + 1))
done
ls many | wc -l
ls many/file?? | wc -l
cat many/* | sort -n | md5sum
for f in many/file?; do mv "$f" "$f.old"; done
ls many/*.old | sort | tr '\n' ' '; echo
rm many/file1*
ls many | wc -l
ls -A many | sort | head -n 3
rm -r many
[ -e many ] || echo removed
