//! Builds what changed: four runs of cargo, one for each set of compiler flags, then the images,
//! then the boot archive.

mod boot;
mod compile;
pub mod extra;
mod images;
mod instructions;
pub(crate) mod symbols;

use std::path::PathBuf;

pub(crate) use boot::plain_file;
pub use boot::{Configuration, Mode};

use crate::system::System;
use crate::{Error, Project, project, root};

/// What a boot needs, apart from what differs between boots.
#[derive(Debug)]
pub struct Built {
    /// The kernel's ELF file.
    pub kernel: PathBuf,
    base: archive::Builder,
    system: System,
    project: Project,
}

impl Built {
    /// The project it was built from.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The linked ELF file of a service's first version.
    #[must_use]
    pub fn service(&self, name: &str) -> PathBuf {
        compile::service_file(&self.project, name)
    }

    /// The boot archive for one boot.
    ///
    /// # Errors
    /// When an overlay cannot be read, or the archive cannot hold it.
    pub fn archive(&self, configuration: &Configuration) -> Result<Vec<u8>, Error> {
        boot::archive(&self.base, &self.system, configuration)
    }
}

/// Builds the system.
///
/// # Errors
/// What a compiler refuses (it has said why), what the images or the declarations lack, and what
/// the root's files need and cannot get.
pub fn build(project: &Project) -> Result<Built, Error> {
    let system = System::read(&project.source("system/services.toml"))?;
    let kernel = compile::kernel(project)?;
    instructions::check_file("kernel", &kernel)?;
    let services = compile::services(project, &system)?;
    let images = images::make(project, &services)?;
    let vdso = compile::vdso(project)?;
    let programs = compile::programs(project)?;

    let mut base = archive::Builder::new();
    boot::add_system(&mut base, &images, &project::read(&vdso)?);
    root::add(&mut base, project, &system, &programs)?;
    Ok(Built {
        kernel,
        base,
        system,
        project: project.clone(),
    })
}

/// Where a run of cargo leaves its binaries, and which of them are meant.
#[derive(Debug)]
pub(crate) struct Binary {
    /// The name of the target.
    pub(crate) name: String,
    /// Its file.
    pub(crate) path: PathBuf,
}
