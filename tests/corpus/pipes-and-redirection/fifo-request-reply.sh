# A server in the background answers requests that come through a fifo.
mkfifo request reply
server() {
    while read op a b; do
        case $op in
        add) echo $((a + b)) ;;
        mul) echo $((a * b)) ;;
        quit) echo bye; return ;;
        *) echo "what is $op?" ;;
        esac
    done
}
server <request >reply &
exec 3>request 4<reply
ask() { echo "$@" >&3; read answer <&4; echo "$* -> $answer"; }
ask add 2 3
ask mul 6 7
ask sing
ask quit
wait $!
echo "server: $?"
