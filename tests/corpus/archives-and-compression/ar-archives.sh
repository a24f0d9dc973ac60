# Reads an archive of ar made by hand: header fields, members, extraction.
member() { printf '%-16s%-12s%-6s%-6s%-8s%-10s`\n' "$1" 1000000000 0 0 100644 ${#2}; printf '%s' "$2"; }
{
    printf '!<arch>\n'
    member first.txt/ 'hello from the first'
    member second/ 'data'
    member third/ 'xy'
} >lib.a
stat -c %s lib.a
ar t lib.a
ar tv lib.a
ar p lib.a second; echo
ar x lib.a
ls
cat first.txt; echo
stat -c '%a %s' third
ar t missing.a 2>/dev/null
echo "status $?"
head -c 100 lib.a >cut.a
ar t cut.a
echo "status $?"
