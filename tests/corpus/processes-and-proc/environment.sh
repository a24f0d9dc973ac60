# What a program gets of the environment.
A=1 B=2 env | grep '^[AB]=' | sort
env -i X=y $(which env)
export C=3; sh -c 'echo $C'; unset C; sh -c 'echo "<$C>"'
env -u HOME sh -c 'echo "<$HOME>"'
D=4; sh -c 'echo "<$D>"'; D=5 sh -c 'echo $D'; echo $D
set -a; E=6; set +a; sh -c 'echo $E'
i=0; big=; while [ $i -lt 12 ]; do big=x$big$big; i=$((i + 1)); done; BIG=$big sh -c 'echo ${#BIG}'
