# Builds command lines from input in chosen portions.
seq 1 10 | xargs
seq 1 10 | xargs -n 3 echo :
printf 'a b\nc d\n' | xargs -I{} echo "<{}>"
printf 'x y\0z\0' | xargs -0 -n 1 echo
printf '"quoted words" single\\ word\n' | xargs -n 1
seq 1 5 | xargs -n 2 sh -c 'echo "$# args: $*"' sh
: | xargs echo "ran once"
: | xargs -r echo "never"
printf '1\n2\nEND\n3\n' | xargs -E END echo
seq 1 6 | xargs -P 3 -n 1 sh -c 'echo "$1"' sh | sort
printf '1 0 1' | xargs -n 1 sh -c 'exit $1' sh; echo "status $?"
echo 1 | xargs sh -c 'exit 255'; echo "status $?"
echo x | xargs ./missing; echo "status $?"
seq 1 2000 | xargs -s 1000 echo | wc -l
