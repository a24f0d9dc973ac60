# Fields of /proc/PID/status.
s() { sed -n "s/^$1:[[:space:]]*//p" /proc/self/status; }
s Name; s Uid | tr '\t' ' '; s Gid | tr '\t' ' '
# Signals 32 and 33 belong to the C library, which may ignore them.
ignored=$(sh -c 'trap "" USR1 USR2; sed -n "s/^SigIgn:[[:space:]]*0*//p" /proc/self/status')
echo $((0x$ignored & 0x7fffffff))
for f in Pid PPid VmSize VmRSS Threads FDSize; do grep -c "^$f:" /proc/self/status; done
