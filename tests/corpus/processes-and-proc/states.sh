# A sleeping, a stopped and a gone process.
state() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' /proc/$1/status; }
sleep 20 & p=$!
until [ "$(state $p)" = S ]; do sleep 0.01; done; state $p
kill -STOP $p; until [ "$(state $p)" = T ]; do sleep 0.01; done; state $p
kill -CONT $p; until [ "$(state $p)" = S ]; do sleep 0.01; done; state $p
kill $p; wait $p 2>/dev/null; [ -e /proc/$p ] || echo gone
