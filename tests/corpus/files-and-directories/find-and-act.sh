# Runs commands on what find has found, and deletes it.
mkdir -p d/e
for name in a b c; do echo "content of $name" >d/$name.txt; done
echo "deep" >d/e/deep.txt
find d -name '*.txt' -exec cat {} \; | sort
find d -name '*.txt' -exec wc -c {} + | sort
find d -type f -exec sh -c 'echo "$1" | tr a-z A-Z' sh {} \; | sort
find d -name 'b*' -exec false \; -print
find d -name 'b*' -exec true \; -print
find d -type f -print0 | sort -z | tr '\0' ' '
echo
find d -name '[ab].txt' -exec rm {} +
find d -type f | sort
find d -depth -type d
find d -type f -quit
