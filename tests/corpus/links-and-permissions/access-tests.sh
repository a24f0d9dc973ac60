# Asks whether files may be read, written and executed, as root.
: >plain
: >script
chmod 755 script
chmod 000 plain
mkdir closed
chmod 000 closed
for f in plain script closed missing; do
    for op in -e -f -d -r -w -x; do
        [ $op $f ] && printf '%s ' $op
    done
    echo $f
done
echo written >plain && cat plain
: >closed/in && ls closed
chmod 001 plain
[ -x plain ] && echo "one bit is enough for root"
