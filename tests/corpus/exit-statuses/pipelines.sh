# A pipeline's status is that of its last command, or the last failure with pipefail.
false | true; echo $?
true | false; echo $?
(exit 3) | (exit 4) | (exit 5); echo $?
set -o pipefail
false | true; echo $?
(exit 3) | (exit 4) | true; echo $?
! false | false; echo $?
true | true; echo $?
