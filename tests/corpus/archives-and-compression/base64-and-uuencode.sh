# Turns bytes into text and back in three ways.
i=0
while [ $i -lt 256 ]; do printf "\\$(printf %03o $i)"; i=$((i + 1)); done >all
wc -c <all
base64 all
base64 all | base64 -d | cmp - all && echo same
printf 'M' | base64; printf 'Ma' | base64; printf 'Man' | base64
base64 -w 20 all | head -n 2
chmod 644 all
uuencode all renamed | head -n 3
uuencode all renamed | uudecode -o back && cmp all back && echo same
uuencode -m all x | uudecode -o - | md5sum
md5sum <all
echo 'not*base64' | base64 -d 2>&1
echo "status $?"
printf 'no begin\n' | uudecode; echo "status $?"
