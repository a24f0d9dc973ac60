# Expands patterns over the names of a directory, hidden names and subdirectories.
mkdir -p s/t
touch a1 a2 b1 B2 .h1 'x y' s/one s/t/two '[z]' 
echo *
echo a? [ab]1 [!a]1
echo .h*
echo s/* */t/*
echo nothing*
echo '*' "a?" \*
for f in *; do [ -f "$f" ] && printf '<%s>' "$f"; done; echo
echo [[]z]
set -f; echo *; set +f
pattern='a*'
echo $pattern "$pattern"
case x.tar.gz in *.tar.*) echo archive;; esac
set -- *; echo $#
echo [[:upper:]]* [[:digit:]]*
