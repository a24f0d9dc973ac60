# Unpacks formats that busybox only reads: zip, xz, lzma.
base64 -d >x.zip <<'END'
UEsDBBQAAAAAAKMopUZIyRFICgAAAAoAAAAHAAAAb25lLnR4dGhlbGxvIHppcApQSwMEFAAAAAgA
oyilRpjvKDRLAQAAtAIAAAsAAABkaXIvdHdvLnR4dB3SyRHAMAzDwD+qMeW7/8YC58/JsVAoOoPJ
YnO4pJGQIp0MMskimxxyqUaFKqpTg5rUojZ1qEtv9NB9ZKcP+qQv+qYf+mU0RhjF8I2DMRmLsRmH
cZmNGWYxO9MPmszF3MzDvKzGCqtYnTVYfu9ibdZhXXZjh13szh7syfZ3NvuwL6dxwilO5wzO5CyO
f3s4l9u44Ra3cwd3chd3c8V4GnI0PZogTZEmSdOkidJUabI0dz+buwf35B7ds3t4T+/x6RcBU8/X
nYYRMSpGxugYIaNkpIyW6S+EOzmjZwSNopE0mkbUqBpZM14xd8pG2mgbcaNu5I2+ETgKZ7607kSO
ypE5OkfoKB2po3XEzno34E7vCB7FI3k0j+hRPbJH9+x3LO6kj/YRP+pH/ugfA8QCMUHOuyp3VogZ
YocYIpaIKWKLGCPWyH3n9+6v8QFQSwECFAMUAAAAAACjKKVGSMkRSAoAAAAKAAAABwAAAAAAAAAA
AAAApIEAAAAAb25lLnR4dFBLAQIUAxQAAAAIAKMopUaY7yg0SwEAALQCAAALAAAAAAAAAAAAAACk
gS8AAABkaXIvdHdvLnR4dFBLBQYAAAAAAgACAG4AAACjAQAAAAA=
END
unzip -l x.zip
unzip -q x.zip && cat one.txt && md5sum dir/two.txt
unzip -p x.zip one.txt
base64 -d >n.xz <<'END'
/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AKzANVdABiCgo8iTvimVffwmaUlDZBFkVpRtJvKrNwF
MuyFUp+xSG3v3OhLuWG64JxTf5jIqVQO/D0q0wbXZkQ9VmSmzT3Xxx9E9BjfAgs/4sbGe+Hnf3lE
HHm3Qq5luBu1DoThmoIGIzlaf3KqQ/qlmh+SwL5FcXlK1ZPGkAo5rZxlhyq2GjjH4ZMXytA+Ceqw
UvAQYCbAXl8QkQ25eXh9l0Jg0KY4d+Ej6LsoT4hSLXVYJj9m/eKc69OvYdk1ev/7YrE8fJMc8mS4
TRyFKrFcAAY2AUrrpRk/YAAAAACY7yg0AAHtAbQFAAAX7jTAPjANiwIAAAAAAVla
END
xzcat n.xz | cmp - dir/two.txt && echo same
unxz n.xz && tail -n 1 n && ls
base64 -d >m.lzma <<'END'
XQAAgAD//////////wAYgoKPIk74plX38JmlJQ2QRZFaUbSbyqzcBTLshVKfsUht79zoS7lhuuCc
U3+YyKlUDvw9KtMG12ZEPVZkps0918cfRPQY3wILP+LGxnvh5395RBx5t0KuZbgbtQ6E4ZqCBiM5
Wn9yqkP6pZofksC+RXF5StWTxpAKOa2cZYcqtho4x+GTF8rQPgnqsFLwEGAmwF5fEJENuXl4fZdC
YNCmOHfhI+i7KE+IUi11WCY/Zv3inOvTr2HZNXr/+2KxPHyTHPJkuE0chSqxXAAGNgFK66+ewWT/
+5aaoA==
END
lzcat m.lzma | tail -n 1
unzip -l n 2>/dev/null; echo "status $?"
echo bad | xzcat; echo "status $?"
