# Uses the longest names and deep paths, and is refused one byte more.
n=a
i=0
while [ $i -lt 8 ]; do n=$n$n; i=$((i + 1)); done
n=${n#a}
echo ${#n}
echo long >$n && cat $n
mv $n $n.x
echo "status $?"
true >${n}b
echo "status $?"
ln -s $n link && cat link
deep=d
while [ ${#deep} -lt 300 ]; do deep=$deep/dddddddddd; done
mkdir -p $deep && echo bottom >$deep/f && cat $deep/f
find d -type d | wc -l
rm -r d && ls | wc -l
