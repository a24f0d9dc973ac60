# Removes trees and stubborn names, and says what it cannot remove.
mkdir -p t/u/v
for i in 1 2 3 4 5 6 7 8; do echo $i >t/u/file$i; done
touch ./-dash 'with space' '*' .hidden
ls -A | sort
rm -- -dash
rm 'with space'
rm '*'
ls -A | sort
rm t
echo "rm of a directory: $?"
rm -r t
echo "rm -r: $?"
rm -rf missing
echo "rm -rf of nothing: $?"
rm missing
echo "rm of nothing: $?"
ls -A
