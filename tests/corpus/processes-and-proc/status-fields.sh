# Fields of /proc/PID/status.
s() { sed -n "s/^$1:[[:space:]]*//p" /proc/self/status; }
s Name; s Uid | tr '\t' ' '; s Gid | tr '\t' ' '
sh -c 'trap "" USR1 USR2; sed -n "s/^SigIgn:[[:space:]]*0*//p" /proc/self/status'
for f in Pid PPid VmSize VmRSS Threads FDSize; do grep -c "^$f:" /proc/self/status; done
