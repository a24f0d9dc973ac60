# Changes modes by symbols, relative to what was there.
: >f
mode() { stat -c '%a %A' f; }
chmod 000 f; mode
chmod u+rwx f; mode
chmod g=rx,o=x f; mode
chmod a+w f; mode
chmod go-w f; mode
chmod u=g f; mode
chmod +x f; mode
chmod u+s,g+s f; mode
chmod +t f; mode
chmod -s,-t f; mode
chmod a= f; mode
chmod u+rX f; mode
chmod 0644 f; mode
chmod a+X f; mode
chmod ugo+rwx f; mode
chmod 9 f; echo "status $?"
chmod q+x f; echo "status $?"
