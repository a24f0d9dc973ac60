//! Link arguments of the shared object. They are stated here so that the object can be built in
//! one cargo run together with the services, whose own link arguments differ.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_IMAGE").is_none() {
        return;
    }
    let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    for file in ["vdso.map", "vdso.ld"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let arguments = [
        "-shared".to_owned(),
        "-nostartfiles".to_owned(),
        "-nostdlib".to_owned(),
        format!("-Wl,--version-script={folder}/vdso.map"),
        format!("-Wl,-T,{folder}/vdso.ld"),
        "-Wl,-soname=linux-vdso.so.1".to_owned(),
        "-Wl,--hash-style=both".to_owned(),
        "-Wl,--build-id=none".to_owned(),
        "-Wl,--no-eh-frame-hdr".to_owned(),
        "-Wl,-Bsymbolic".to_owned(),
        "-Wl,--strip-all".to_owned(),
        // Nothing may be left undefined and nothing may need relocation: nobody would do it.
        "-Wl,-z,defs".to_owned(),
        "-Wl,-z,text".to_owned(),
        "-Wl,-z,norelro".to_owned(),
        "-Wl,-z,max-page-size=4096".to_owned(),
    ];
    for argument in arguments {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}
