//! The batch: one script that runs a list of snippets and prints a frame for each, so that a group
//! costs one boot.

use super::snippet::Snippet;
use std::{fmt::Write as _, fs, io, path::Path, time::Duration};

/// The folder of an overlay that holds the batch; inside the system it is `/corpus`.
pub const FOLDER: &str = "corpus";

/// The file of [`FOLDER`] to run with `sh`. Its arguments: the absolute path of that folder, and
/// the value of PATH for the snippets.
pub const SCRIPT: &str = "batch.sh";

/// The head of the script: one function that runs one snippet.
///
/// - `setsid` puts a snippet into a process group of its own, so that it may signal group 0 and so
///   that what it leaves behind can be ended.
/// - The snippet is named by a relative path, because the shell begins its messages with it.
/// - `base64` lets any byte pass through the lines of a frame.
/// - No descriptor beyond 0, 1 and 2 is open in a snippet.
const HEAD: &str = r#"# Runs snippets of the corpus. Usage: sh batch.sh CORPUS_FOLDER PATH
corpus=$1
applets=$2
umask 022
ulimit -c 0

snippet() {
    cd "$corpus" && rm -rf work && mkdir work && cd work || exit 125
    env -i HOME="$corpus/work" PATH="$applets" TZ=UTC LC_ALL=C \
        timeout -s KILL "$limit" setsid sh -c 'echo $$ >../session; exec sh "$0"' "../$1.sh" \
        </dev/null >../stdout 2>../stderr
    status=$?
    cd "$corpus"
    kill -KILL -- "-$(cat session)" 2>/dev/null
    echo "begin $1 $status"
    base64 stdout
    echo "stderr"
    base64 stderr
    echo "end $1"
    rm -rf work stdout stderr session
}

"#;

/// A list of snippets to run in one go.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// What to run, in this order.
    pub snippets: &'a [Snippet],
    /// After this time (in whole seconds) a snippet is killed: its status is then 137.
    pub limit: Duration,
}

impl Batch<'_> {
    /// The text of the batch script.
    #[must_use]
    pub fn script(&self) -> String {
        let mut script = String::from(HEAD);
        // Writing into a String cannot fail.
        let _ = writeln!(script, "limit={}", self.limit.as_secs().max(1));
        for snippet in self.snippets {
            let _ = writeln!(script, "snippet {}", snippet.path());
        }
        script
    }

    /// Writes the overlay: below `root`, [`FOLDER`] with [`SCRIPT`] and `GROUP/NAME.sh` for each
    /// snippet.
    ///
    /// # Errors
    /// When a folder or file cannot be written.
    pub fn write_overlay(&self, root: &Path) -> io::Result<()> {
        let folder = root.join(FOLDER);
        for snippet in self.snippets {
            fs::create_dir_all(folder.join(snippet.group))?;
            fs::write(folder.join(format!("{}.sh", snippet.path())), &snippet.text)?;
        }
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(SCRIPT), self.script())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlay_holds_the_script_and_its_snippets() {
        let snippets = [Snippet::parse("errors", "one", "# One.\n:\n".to_owned()).unwrap()];
        let batch = Batch {
            snippets: &snippets,
            limit: Duration::from_secs(7),
        };
        let root = tempfile::tempdir().unwrap();
        batch.write_overlay(root.path()).unwrap();
        let script = fs::read_to_string(root.path().join("corpus/batch.sh")).unwrap();
        assert!(script.ends_with("limit=7\nsnippet errors/one\n"));
        let text = fs::read_to_string(root.path().join("corpus/errors/one.sh")).unwrap();
        assert_eq!(text, snippets[0].text);
    }
}
