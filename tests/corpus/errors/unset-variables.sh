# set -u, set -e and ${x?} end a shell.
sh -u -c 'echo $nope; echo never'; echo $?
sh -c 'echo ${nope?is not set}; echo never'; echo $?
sh -c 'echo ${nope:?}; echo never'; echo $?
sh -e -c 'false; echo never'; echo $?
sh -e -c 'false || echo saved; if false; then :; fi; ! true; echo here; (exit 3); echo never'; echo $?
sh -c 'readonly r=1; r=2; echo never'; echo $?
