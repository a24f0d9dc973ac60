# A grandchild outlives its parent and goes on.
sh -c '(sleep 0.2; echo late >orphan) & echo parent ends'
while [ ! -s orphan ]; do sleep 0.02; done; cat orphan
setsid sh -c 'echo in a session of its own'
