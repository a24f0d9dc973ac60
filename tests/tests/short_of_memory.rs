use tests::inside::Inside;
#[test]
fn explore() {
    let script = std::fs::read_to_string("/tmp/oom.sh").unwrap();
    let done = Inside::shell(&script).memory("64M").run();
    println!("{}", done.report());
    println!("{}", String::from_utf8_lossy(&done.stdout));
}
