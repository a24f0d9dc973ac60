# A name that no directory of PATH has.
no-such-command; echo $?
PATH=/nowhere; ls; echo $?
PATH=; ls; echo $?
