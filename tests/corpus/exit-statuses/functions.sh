# return, nested functions, and what a function's status is.
f() { return 7; }; f; echo $?
g() { f; }; g; echo $?
h() { f; return; }; h; echo $?
k() { if false; then :; fi; }; k; echo $?
m() { for x in 1 2; do return 3; done; echo never; }; m; echo $?
n() { (return 9); echo $?; }; n
