# Lists files with chosen details in chosen orders.
# stderr: free
printf '%s' 12345 >five
printf '%s' 1 >one
: >zero
mkdir dir
ln -s five link
chmod 4755 five
touch -d '2019-05-06 07:08:09' five one zero
chmod 1777 dir
ls -1
ls -1S five one zero
ls -1F
ls -1p
ls -ln five one zero
ls --full-time -n five one
ls -d dir link
ls -1r
ls -A1 . missing | sort
