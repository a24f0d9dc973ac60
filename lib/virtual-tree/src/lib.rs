//! File systems whose files are made on demand: a tree of virtual files.
