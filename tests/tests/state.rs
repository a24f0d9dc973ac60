//! What services know is shown to root, by every service, as JSON and as text.

use serde_json::Value;
use tests::inside::{Done, Inside};

/// The services of the image.
const SERVICES: [&str; 15] = [
    "rs",
    "pm",
    "vfs",
    "ramfs",
    "pfs",
    "procfs",
    "tty",
    "host-link",
    "memory",
    "random",
    "clock",
    "hello",
    "ds",
    "sched",
    "vm",
];

fn run(script: &str) -> Done {
    let done = Inside::shell(script).run();
    assert_eq!(done.status(), 0, "{}", done.report());
    done
}

/// The JSON documents in lines of their own.
fn documents(done: &Done) -> Vec<Value> {
    let parse = |line: &str| {
        let parsed = serde_json::from_str(line);
        parsed.unwrap_or_else(|error| panic!("{error}: {line}\n{}", done.report()))
    };
    done.output().lines().map(parse).collect()
}

#[test]
fn every_service_shows_what_it_knows_in_both_versions() {
    let all = SERVICES.join(" ");
    let script = format!(
        "show() {{ for name in {all}; do service state $name --json || exit 1; done; }}\n\
         exec 5</proc/uptime; read -r _ <&5\n\
         show; service update --all >/dev/null; show\n"
    );
    let done = run(&script);
    let documents = documents(&done);
    assert_eq!(documents.len(), 2 * SERVICES.len(), "{}", done.report());
    for (number, document) in documents.iter().enumerate() {
        let (name, version) = (SERVICES[number % 15], 1 + number / 15);
        assert_eq!(document["service"], name);
        assert_eq!(document["state_version"], version, "{name}");
        assert_eq!(document["omitted"], 0, "{name}: {document}");
        let members = document["state"].as_object().map_or(0, |state| state.len());
        assert!(members > 0, "{name}: {document}");
    }
}

#[test]
fn processes_and_their_pipes_are_in_it() {
    let script = "sleep 100 | sleep 100 &\nsleep 1\n\
                  echo \"[$(pidof sleep | sed 's/ /,/g')]\"\n\
                  service state pm --json; service state pfs --json; service state random --json\n\
                  kill $(pidof sleep)\n";
    let done = run(script);
    let documents = documents(&done);
    let [sleepers, pm, pfs, random] = documents.as_slice() else {
        panic!("{}", done.report());
    };
    let sleepers = sleepers.as_array().expect("numbers of processes");
    assert_eq!(sleepers.len(), 2);
    for pid in sleepers {
        let process = &pm["state"]["processes"][pid.to_string()];
        assert!(process["process"]["parent"].is_number(), "{pid}: {pm}");
        let command = &pm["state"]["commands"][pid.to_string()];
        assert!(command.to_string().contains("sleep"), "{command}");
    }
    let mut pipes = pfs["state"]["pipes"].as_object().expect("pipes").values();
    assert!(pipes.any(|pipe| pipe["readers"] == 1 && pipe["writers"] == 1));
    assert_eq!(random["state"]["key"]["secret"], true, "{random}");
}

#[test]
fn a_person_sees_indented_text() {
    let done = run("service state pm | grep -A 1 '^state:'; service state hello");
    let mut lines = done.output().lines();
    assert_eq!(lines.next(), Some("state:"), "{}", done.report());
    assert_eq!(lines.next(), Some("  processes:"));
    assert!(
        done.output()
            .contains("service: \"hello\"\nstate_version: 1\nstate:\n")
    );
}

#[test]
fn only_root_is_shown_it_and_only_of_services_that_are_up() {
    let script = "exec 2>&1\n\
                  service state nobody; echo $?\n\
                  service down hello; service state hello --json; echo $?; service up hello\n\
                  su nobody -s /bin/sh -c 'service state pm; echo $?; service status pm | wc -l'\n";
    let done = run(script);
    let expected = "service: nobody: no such service\n1\nservice: hello: it is down\n1\n\
                    service: cannot ask rs: Operation not permitted (os error 1)\n3\n2\n";
    assert_eq!(done.output(), expected, "{}", done.report());
}
