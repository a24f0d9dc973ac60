# The trap of EXIT runs once, at the end, however it comes.
sh -c 'trap "echo exit" EXIT; echo body'
sh -c 'trap "echo exit" EXIT; exit 3'; echo $?
sh -c 'trap "echo exit" EXIT; (echo sub)'
(trap 'echo subshell exit' EXIT; echo in)
sh -c 'trap "echo one" EXIT; trap "echo two" EXIT'
sh -c 'trap "echo gone" EXIT; trap - EXIT; echo none'
sh -c 'trap "echo exit \$?" EXIT; false'
