# Changes directories by relative, absolute and symbolic paths, and comes back.
mkdir -p a/b/c
ln -s a/b link
home=$PWD
show() { pwd | sed "s|^$home|HOME|"; }
cd a/b/c; show
cd ../..; show
cd - | sed "s|^$home|HOME|"; show
cd; cd a/b/c && cd -- ..; show
cd "$home/link"; show
pwd -P | sed "s|^.*/a/b|.../a/b|"
cd ..; show
cd -P link; show
cd; show
(cd a && show); show
cd missing; echo "status $?"
cd a; mkdir gone; cd gone; rmdir ../gone; ls -A; cd ..; show
