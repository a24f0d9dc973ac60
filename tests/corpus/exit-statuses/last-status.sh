# $? through many kinds of command.
false; x=$?; echo $x $?
false; :; echo $?
false; y=1; echo $?
false; { echo "in $?"; }
false; (echo "sub $?")
false; if [ $? = 1 ]; then echo yes; fi
false || z=$?; echo $z
false; case $? in 1) echo one;; esac
false; for i in $?; do echo $i; done
