//! What programs see of files: flags, permissions, structures, paths.
