# Sends a here-document larger than a pipe through a reader that is slow to start.
long=$(seq 1 9000)
cat <<END | md5sum
$long
END
seq 1 9000 | md5sum
{ sleep 0.05; wc -l; } <<END
$long
$long
END
cat >copy <<END
$long
END
tail -n 1 copy
head -n 1 <<END
$long
END
echo "status $?"
