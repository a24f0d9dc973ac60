# The statuses of if, while, for, case and groups.
if false; then :; fi; echo $?
if false; then :; else (exit 3); fi; echo $?
while false; do :; done; echo $?
for x in; do false; done; echo $?
for x in 1; do (exit 8); done; echo $?
case x in y) false;; esac; echo $?
case x in x) (exit 6);; esac; echo $?
{ false; }; echo $?
(false); echo $?
until true; do :; done; echo $?
