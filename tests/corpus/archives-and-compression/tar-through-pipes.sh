# Copies a tree through two tars and a pipe, and through compressors.
mkdir -p from/x/y to1 to2 to3
seq 1 2000 >from/numbers
seq 1 50 | sed 's/$/ line/' >from/x/lines
: >from/x/y/empty
tar cf - -C from . | tar xf - -C to1
diff -r from to1 && echo same1
tar czf t.tgz -C from .
gunzip -t t.tgz && echo intact
tar xzf t.tgz -C to2
diff -r from to2 && echo same2
tar cjf t.tbz -C from .
bzcat t.tbz | tar x -C to3
diff -r from to3 && echo same3
zcat t.tgz | tar tf - | sort
tar xzf t.tgz ./numbers && tail -n 1 numbers
