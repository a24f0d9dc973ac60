# How xargs, find and env pass statuses on.
echo 1 2 3 | xargs false; echo $?
echo 1 2 3 | xargs true; echo $?
echo 1 | xargs sh -c 'exit 255' 2>/dev/null; echo $?
echo 1 | xargs no-such 2>/dev/null; echo $?
find missing 2>/dev/null; echo $?
find . -name nothing; echo $?
find . -exec false \; ; echo $?
env false; echo $?; env no-such 2>/dev/null; echo $?
