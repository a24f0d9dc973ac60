//! Makes the image of a service from its linked ELF file.

use super::{Binary, instructions, symbols};
use crate::{Error, Project, project};

/// A service image as the archive holds it.
#[derive(Debug)]
pub(super) struct ServiceImage {
    /// The service.
    pub(super) name: String,
    /// Its version.
    pub(super) version: u32,
    /// The image file.
    pub(super) content: Vec<u8>,
    /// The names of its functions.
    pub(super) symbols: Vec<u8>,
}

/// Makes the images of all services; those that are younger than their ELF file are taken as they
/// are.
pub(super) fn make(project: &Project, binaries: &[Binary]) -> Result<Vec<ServiceImage>, Error> {
    let folder = project.made_folder("images")?;
    let tool = std::env::current_exe().map_err(Error::Stream)?;
    let mut images = Vec::new();
    for binary in binaries {
        let (name, version) = match binary.name.strip_suffix("-next") {
            Some(name) => (name, 2),
            None => (binary.name.as_str(), 1),
        };
        let path = folder.join(format!("{name}-{version}"));
        let names = folder.join(format!("{name}-{version}.symbols"));
        // Also older than this tool: it may have learnt to make another form.
        let made = |path| project::is_fresh(path, &binary.path) && project::is_fresh(path, &tool);
        if !(made(&path) && made(&names)) {
            project::write(&path, &convert(binary, name, version)?)?;
            let elf = project::read(&binary.path)?;
            project::write(&names, &symbols::table(&binary.name, &elf)?)?;
        }
        images.push(ServiceImage {
            name: name.to_owned(),
            version,
            content: project::read(&path)?,
            symbols: project::read(&names)?,
        });
    }
    Ok(images)
}

/// The image of a linked ELF file.
pub(super) fn convert(binary: &Binary, name: &str, version: u32) -> Result<Vec<u8>, Error> {
    let elf = project::read(&binary.path)?;
    instructions::check(&binary.name, &elf)?;
    image::build(&elf, name, version).map_err(|error| Error::artifact(&binary.name, error))
}
