# Renames between kinds: what rename allows and what it refuses.
mkdir -p dir full
: >full/x
echo file >file
ln -s file link
mv link link2 && readlink link2
mv file dir/ && ls dir
mv dir/file .
mv -f full dir 2>/dev/null; find . -type d | sort
mv dir dir/full/inside
echo "status $?"
mv link2 file2 && [ -L file2 ] && echo "still a link"
ln -s dir dlink
mv file dlink && ls dir | sort
rm dlink && ls -A | sort
mv dir . 
echo "status $?"
