for line in 1 2 3 4 5; do
    echo "line $line, to the host" >/dev/host/stderr && echo "sent $line"
done
