//! What the members of an update are to become, found and checked before anything is started.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::record::{Record, Wanted};
use crate::update::{self, Source};
use abi::slot::{Failure, Refusal};
use abi::{Endpoint, Errno};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use control::{Member, Reason, Refused, ServiceName, Target};
use image::Image;
use service::Cx;

/// Reasons told at a time, at most.
const REASONS: usize = 16;

/// The slot and record of a service.
pub(crate) fn find(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
) -> Result<(Endpoint, Record), Refused> {
    let known = protocol::endpoint::NAMES
        .iter()
        .find(|(known, _)| *known == name.as_str());
    let unknown = |text| refusal(Reason::UnknownService, name, text);
    let (_, slot) = known.ok_or_else(|| unknown(""))?;
    let record = cx.look("record", |state| state.record(*slot));
    Ok((
        *slot,
        record.ok_or_else(|| unknown("it is not in the image"))?,
    ))
}

/// All services that are up.
pub(crate) fn all_up(cx: &Cx<Reincarnation>, to: Target) -> Vec<Member> {
    let up: Vec<Endpoint> = cx.look("up", |state| state.up().collect());
    let names = up.into_iter().filter_map(protocol::endpoint::name);
    let names = names.filter_map(|name| ServiceName::new(name).ok());
    names.map(|name| Member { name, to }).collect()
}

/// Looks up every member of an update, and checks it, before anything is started.
///
/// # Errors
/// `INVAL` when the images are not as long as the file. Inside: all that is wrong.
pub(crate) fn resolve(
    cx: &Cx<Reincarnation>,
    members: Vec<Member>,
    mut file: &[u8],
) -> Result<Result<Vec<update::Member>, Vec<Refused>>, Errno> {
    let mut found: Vec<update::Member> = Vec::new();
    let mut wrong = Vec::new();
    for Member { name, to } in members {
        let image = match to {
            Target::File(length) => {
                let (image, rest) = file.split_at_checked(length as usize).ok_or(Errno::INVAL)?;
                file = rest;
                image
            }
            Target::Newest | Target::Version(_) => &[],
        };
        match member(cx, &name, to, image, &found) {
            Ok(member) => found.push(member),
            Err(refused) => wrong.push(refused),
        }
    }
    if (found.is_empty() && wrong.is_empty()) || !file.is_empty() {
        return Err(Errno::INVAL);
    }
    wrong.truncate(REASONS);
    Ok(if wrong.is_empty() {
        Ok(found)
    } else {
        Err(wrong)
    })
}

fn member(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
    to: Target,
    image: &[u8],
    others: &[update::Member],
) -> Result<update::Member, Refused> {
    let (slot, before) = find(cx, name)?;
    if before.wanted != Wanted::Up {
        return Err(refusal(Reason::NotUp, name, ""));
    }
    if others.iter().any(|other| other.slot == slot) {
        return Err(refusal(Reason::BadSet, name, ""));
    }
    let source = source(cx, name, to, image)?;
    let another = match (&source, Source::running(cx, slot, before.version)) {
        (Source::Stored(new), Source::Stored(old)) => *new != old,
        _ => true,
    };
    Ok(update::Member {
        slot,
        before,
        source,
        another,
    })
}

/// Finds or checks the image of an update before anything is started.
fn source(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
    target: Target,
    image: &[u8],
) -> Result<Source, Refused> {
    let refuse = |reason, text: &str| refusal(reason, name, text);
    let catalogue = Catalogue::read(cx.system().archive());
    let stored = |version| {
        let found = catalogue
            .as_ref()
            .and_then(|c| c.image(name.as_str(), version));
        found.map(|stored| Source::Stored(stored.version))
    };
    match target {
        Target::Newest => {
            let newest = catalogue.as_ref().and_then(|c| c.newest(name.as_str()));
            newest
                .and_then(stored)
                .ok_or_else(|| refuse(Reason::UnknownVersion, ""))
        }
        Target::Version(version) => {
            stored(version).ok_or_else(|| refuse(Reason::UnknownVersion, ""))
        }
        Target::File(_) => {
            let version = check(image, name)?;
            Ok(Source::Given(image.to_vec(), version))
        }
    }
}

fn check(file: &[u8], name: &ServiceName) -> Result<u32, Refused> {
    let image = Image::read(file).map_err(|error| {
        let reason = match error {
            image::ImageError::BadMagic => Reason::NotAnImage,
            image::ImageError::WrongAbi { .. } => Reason::WrongInterface,
            _ => Reason::DamagedImage,
        };
        refusal(reason, name, &error.to_string())
    })?;
    image
        .verify()
        .map_err(|error| refusal(Reason::DamagedImage, name, &error.to_string()))?;
    if image.name() != name.as_str().as_bytes() {
        let text = String::from_utf8_lossy(image.name()).into_owned();
        return Err(refusal(Reason::WrongName, name, &text));
    }
    Ok(image.version())
}

/// Why something is not done to a service.
pub(crate) fn refusal(reason: Reason, name: &ServiceName, text: &str) -> Refused {
    Refused {
        reason,
        member: Some(name.clone()),
        step: None,
        failure: Failure::None,
        refusal: Refusal::None,
        text: text.into(),
    }
}
