# A writer whose reader has gone is told by a signal, or by an error where that is ignored.
seq 1 1000000 | head -n 3
yes | head -n 2; echo $?
(trap '' PIPE; seq 1 100000 2>err; echo $? >ignored) | head -n 1
cat ignored; cat err
sh -c 'yes; echo never' | sed -n 2q; echo end
