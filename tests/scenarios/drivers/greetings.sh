for reader in one two three; do
    echo "$reader: $(cut -c1-13 /dev/hello)"
done
