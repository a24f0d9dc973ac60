for time in first second third; do
    hwclock -r >time && echo "$time: $(wc -l <time) line"
done
