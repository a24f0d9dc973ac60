//! Debian's packages as sources of files: downloaded and unpacked under `target`, never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::install::update;
use crate::{Error, Project, project};

/// A package to unpack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    /// Its name. What is unpacked lies in a folder of this name.
    pub(crate) name: &'static str,
    /// A package without files of its own depends on the one that has them, whose name begins so.
    pub(crate) stands_for: Option<&'static str>,
    /// What the user can do when it cannot be had.
    pub(crate) remedy: &'static str,
}

impl Package {
    /// Where it is unpacked; it is downloaded if it is not there.
    ///
    /// # Errors
    /// That it cannot be had.
    pub(crate) fn unpacked(&self, project: &Project) -> Result<PathBuf, Error> {
        let folder = project.made(self.name);
        if folder.is_dir() {
            return Ok(folder);
        }
        project::say("Downloading", self.name);
        let around = project.made_folder("")?;
        let temporary = tempfile::tempdir_in(&around).map_err(Error::file(&around))?;
        let unpacked = self.unpack(temporary.path())?;
        // In one step, because others may be doing the same.
        if let Err(error) = fs::rename(unpacked, &folder)
            && !folder.is_dir()
        {
            return Err(Error::file(&folder)(error));
        }
        Ok(folder)
    }

    /// Downloads it into the folder and unpacks it there; where.
    fn unpack(&self, folder: &Path) -> Result<PathBuf, Error> {
        let package = match self.download(folder) {
            Err(_) if update() => self.download(folder)?,
            result => result?,
        };
        let unpacked = folder.join("unpacked");
        let mut command = Command::new("dpkg-deb");
        self.run(command.arg("-x").arg(&package).arg(&unpacked))?;
        Ok(unpacked)
    }

    fn download(&self, folder: &Path) -> Result<PathBuf, Error> {
        let name = match self.stands_for {
            Some(prefix) => self.dependency(prefix)?,
            None => self.name.to_owned(),
        };
        let mut command = Command::new("apt-get");
        command.args(["-q", "download", &name]).current_dir(folder);
        self.run(&mut command)?;
        let entries = fs::read_dir(folder).map_err(Error::file(folder))?;
        let package = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|name| name == "deb"));
        package.ok_or_else(|| self.missing(self.name))
    }

    /// The name of the package that it depends on.
    fn dependency(&self, prefix: &str) -> Result<String, Error> {
        let mut command = Command::new("apt-cache");
        let text = self.run(command.args(["depends", self.name]))?;
        let names = text.lines().filter_map(|line| line.split_once("Depends: "));
        let mut wanted = names.map(|(_, name)| name.trim());
        let found = wanted.find(|name| name.starts_with(prefix));
        found
            .map(str::to_owned)
            .ok_or_else(|| self.missing(self.name))
    }

    /// Runs a program to its end; what it printed.
    fn run(&self, command: &mut Command) -> Result<String, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        // What apt says goes to stderr: stdout belongs to the command that runs in the system.
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|_| self.missing(&program))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        project::say("Failed", &format!("{program}: {}", text.trim()));
        Err(self.missing(self.name))
    }

    fn missing(&self, program: &str) -> Error {
        Error::Missing {
            program: program.to_owned(),
            remedy: self.remedy.to_owned(),
        }
    }
}
