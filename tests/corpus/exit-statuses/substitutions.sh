# An assignment takes the status of its substitution; a command its own.
x=$(exit 6); echo $?
x=$(exit 6) true; echo $?
echo $(exit 6); echo $?
x=$(false) y=$(true); echo $?
x=`exit 9`; echo $?
local_() { local v=$(exit 3); echo $?; }; local_
export e=$(exit 3); echo $?
