//! What a container is given to see, as mounts: from the host, from volumes and images, in memory.

use confinement::label::{self, Label};
use process::{Error, Result, code};
use rootfs::beneath::Root;
use rootfs::{Mount, Mounter, Source};

use crate::ids::Ids;
use crate::layered::Layered;
use crate::{Engine, Record, mapped, root, volumes};

/// The mounts of a container whose root is `root`, opened as `inside`, ready to be used by its `account`.
///
/// # Errors
/// When one cannot be had.
pub(crate) fn volumes(
    engine: &Engine,
    record: &Record,
    (inside, root): (&Root, &root::Root),
    ids: &Ids,
    account: (u32, u32),
) -> Result<Vec<Mount>> {
    let user = ids.ours(account);
    let container = engine.state().container(&record.id);
    let layered = Layered { root, container: &container, label: record.label.as_ref() };
    let mut mounts = engine.volumes().mounts(&record.volumes, inside, user)?;
    for (number, (mount, volume)) in mounts.iter_mut().zip(&record.volumes).enumerate() {
        if let Some(Label { mount, .. }) = &record.label {
            // A volume is for all containers, unless it was said to be for this one.
            let shared = !volume.options.iter().any(|word| word == "Z");
            label::relabel(&engine.volumes().mountpoint(&volume.name), mount, shared)?;
        }
        let source = mount.source.clone().unwrap_or_default();
        if let Some(part) = rootfs::volume::subpath(&volume.options) {
            mount.source = Some(layered.part(number, &source, part)?);
        } else if volume.options.iter().any(|word| word == "O") {
            mount.source = Some(layered.overlay(number, vec![source], &volume.options)?);
        }
    }
    for (number, volume) in record.options.volumes()?.into_iter().enumerate() {
        let number = number + record.volumes.len();
        let mount = match &volume.source {
            Source::Named(_) | Source::Anonymous => continue,
            Source::Image(name) => {
                let found = layered.overlay(number, image(engine, name, ids, root.mounter())?, &[])?;
                match rootfs::volume::subpath(&volume.options) {
                    Some(part) => volume.mount_from(&layered.part(number + 10_000, &found, part)?),
                    None => volume.mount_from(&found),
                }
            }
            Source::Host(path) if volume.is_overlay() => {
                if !path.is_dir() {
                    return Err(Error::new(format!(
                        "{}: only a directory can be mounted as an overlay",
                        path.display()
                    ))
                    .code(code::BAD_VOLUME));
                }
                let above = layered.overlay(number, vec![path.clone()], &volume.options)?;
                if volume.chown() {
                    volumes::chown(&above, user)?;
                }
                volume.mount_from(&above)
            }
            Source::Host(path) => {
                if volume.chown() {
                    volumes::chown(path, user)?;
                }
                if let (Some(label), Some(letter)) = (&record.label, volume.relabel()) {
                    label::relabel(path, &label.mount, letter == 'z')?;
                }
                volume.mount()
            }
            Source::Memory if volume.chown() => {
                let mut mount = volume.mount();
                mount.options.extend([format!("uid={}", account.0), format!("gid={}", account.1)]);
                mount
            }
            Source::Memory | Source::Terminals => volume.mount(),
        };
        mounts.push(mount);
    }
    Ok(mounts)
}

/// The layers of an image that is only looked at.
fn image(engine: &Engine, name: &str, ids: &Ids, mounter: &Mounter) -> Result<Vec<std::path::PathBuf>> {
    let image = registry::find(engine.store(), name)?;
    let layers = engine.store().layer_dirs(&image);
    match ids.map() {
        None => Ok(layers),
        Some(map) => mapped::layer(engine.root(), layers, (&image, map), mounter).map(|layer| vec![layer]),
    }
}
