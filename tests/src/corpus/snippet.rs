//! The snippets: shell scripts of `tests/corpus/GROUP/NAME.sh`, read into typed values.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// The groups, each a folder of the corpus.
pub const GROUPS: [&str; 12] = [
    "arithmetic-and-loops",
    "archives-and-compression",
    "background-jobs-and-wait",
    "errors",
    "exit-statuses",
    "files-and-directories",
    "here-documents-and-quoting",
    "links-and-permissions",
    "pipes-and-redirection",
    "processes-and-proc",
    "signals-and-traps",
    "text-tools",
];

/// The line by which a snippet says that its standard error need not be the same everywhere.
const FREE_STDERR: &str = "# stderr: free";

/// Whether a snippet's standard error belongs to what must be identical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandardError {
    /// It is compared byte by byte.
    Compared,
    /// It is recorded only.
    Free,
}

/// One script of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// One of [`GROUPS`].
    pub group: &'static str,
    /// The file's name without `.sh`: lower-case letters, digits and hyphens.
    pub name: String,
    /// The script.
    pub text: String,
    /// Whether standard error is compared.
    pub standard_error: StandardError,
}

impl Snippet {
    /// Checks the script `text` of the file `name.sh` in the folder `group`.
    ///
    /// # Errors
    /// [`CorpusError::Name`] for a name that would need quoting in a shell,
    /// [`CorpusError::Headless`] where the first line is not a comment that says what is shown.
    pub fn parse(group: &'static str, name: &str, text: String) -> Result<Self, CorpusError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(CorpusError::Name(format!("{group}/{name}")));
        }
        let says_what = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "))
            .is_some_and(|what| !what.trim().is_empty());
        if !says_what {
            return Err(CorpusError::Headless(format!("{group}/{name}")));
        }
        let standard_error = if text.lines().any(|line| line == FREE_STDERR) {
            StandardError::Free
        } else {
            StandardError::Compared
        };
        Ok(Self {
            group,
            name: name.to_owned(),
            text,
            standard_error,
        })
    }

    /// `GROUP/NAME`, which is unique in the corpus.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }
}

/// Why a corpus folder cannot be used.
#[derive(Debug)]
pub enum CorpusError {
    /// A folder or file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// A file in a group's folder whose name is not `NAME.sh` with a plain NAME.
    Name(String),
    /// A snippet that does not begin with a comment.
    Headless(String),
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Name(path) => write!(f, "{path}: a snippet is called [a-z0-9-]+.sh"),
            Self::Headless(path) => write!(f, "{path}: the first line is no comment"),
        }
    }
}

impl std::error::Error for CorpusError {}

/// The corpus of this repository.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Reads all snippets of all [`GROUPS`] below `folder`, in the order of groups and names.
///
/// # Errors
/// [`CorpusError`] for the first file that is no snippet.
pub fn load(folder: &Path) -> Result<Vec<Snippet>, CorpusError> {
    let mut snippets = Vec::new();
    for group in GROUPS {
        snippets.extend(load_group(folder, group)?);
    }
    Ok(snippets)
}

/// Reads the snippets of one group, in the order of their names.
fn load_group(folder: &Path, group: &'static str) -> Result<Vec<Snippet>, CorpusError> {
    let group_folder = folder.join(group);
    let unreadable = |error| CorpusError::Unreadable(group_folder.clone(), error);
    let mut snippets = Vec::new();
    for entry in fs::read_dir(&group_folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let file_name = file.file_name().and_then(|name| name.to_str());
        let Some(name) = file_name.and_then(|name| name.strip_suffix(".sh")) else {
            return Err(CorpusError::Name(file.display().to_string()));
        };
        let text = fs::read_to_string(&file)
            .map_err(|error| CorpusError::Unreadable(file.clone(), error))?;
        snippets.push(Snippet::parse(group, name, text)?);
    }
    snippets.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(snippets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: &str) -> Result<Snippet, CorpusError> {
        Snippet::parse("errors", name, text.to_owned())
    }

    #[test]
    fn free_standard_error_is_a_whole_line() {
        let free = parse("a", "# A.\n# stderr: free\n:\n").unwrap();
        assert_eq!(free.standard_error, StandardError::Free);
        let compared = parse("a", "# A.\necho '# stderr: free'\n").unwrap();
        assert_eq!(compared.standard_error, StandardError::Compared);
    }

    #[test]
    fn a_snippet_says_what_it_shows_and_needs_no_quoting() {
        assert!(matches!(
            parse("a", "echo\n"),
            Err(CorpusError::Headless(_))
        ));
        assert!(matches!(parse("a", ""), Err(CorpusError::Headless(_))));
        assert!(matches!(parse("a b", "# A.\n"), Err(CorpusError::Name(_))));
        assert!(matches!(parse("../a", "# A.\n"), Err(CorpusError::Name(_))));
    }
}
