# Writers whose reader has gone are ended by SIGPIPE, or told so when they ignore it.
yes | head -n 1
set -o pipefail
yes | head -n 2
echo "status $?"
seq 1 1000000 | head -n 1
echo "status $?"
(trap '' PIPE; yes 2>err; echo "yes: $?" >told) | head -n 1
until [ -s told ]; do sleep 0.01; done
cat told err
sh -c 'while :; do echo x; done; echo unreachable >reached' | head -n 1
echo "status $?"
ls reached 2>/dev/null || echo "the writer did not go on"
(trap '' PIPE; while echo y 2>/dev/null; do :; done; echo "echo failed" >told2; true) | head -n 1
echo "status $?"
cat told2
