# Loses set-id bits on writing through chown, and keeps them through chmod and mv.
: >f
chmod 6755 f
stat -c %a f
chown 100:100 f
stat -c %a f
chmod 4755 f
mv f g
stat -c %a g
cp -p g h
stat -c '%a %u:%g' h
cp g i
stat -c '%a %u:%g' i
mkdir -m 2775 shared
chown :42 shared
stat -c '%a %g' shared
: >shared/file
mkdir shared/sub
stat -c '%g %n' shared/file
stat -c '%a %g %n' shared/sub
