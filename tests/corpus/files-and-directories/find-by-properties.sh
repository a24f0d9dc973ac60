# Finds by name, kind, size, mode, depth and emptiness.
mkdir -p p/q/r p/empty
dd if=/dev/zero of=p/big bs=1024 count=20 2>/dev/null
echo x >p/q/small.txt
echo y >p/q/r/other.TXT
: >p/q/nothing
ln -s big p/link
chmod 600 p/q/small.txt
chmod 755 p/big
echo "-- type"; find p -type d | sort; find p -type l
echo "-- name"; find p -name '*.txt' -o -name 'b*' | sort; find p -iname '*.txt' | sort
echo "-- size"; find p -type f -size +10k; find p -type f -size -2c | sort
echo "-- perm"; find p -type f -perm 600; find p -type f -perm -100; find p -type f -perm /111
echo "-- depth"; find p -maxdepth 1 -mindepth 1 | sort
echo "-- empty"; find p -type f -empty; find p -type d -empty
echo "-- path"; find p -path '*/r/*'; find p -regex '.*/[so][a-z]*\.[tT].*' | sort
echo "-- prune"; find p -name q -prune -o -type f -print
