//! `.volume`: a volume is made unless it is there.

use process::{Error, Result, code};

use super::{Kind, Translation, names, sources};

/// Translates it.
///
/// # Errors
/// What the file says cannot be done.
pub fn translate(of: &mut Translation<'_>) -> Result<()> {
    let name = names::resource(of.source(), Kind::Volume);
    let mut create = of.command();
    create.extend(["volume", "create", "--ignore"]);
    for (key, flag) in [("UID", "--uid"), ("GID", "--gid"), ("Driver", "--driver")] {
        if let Some(value) = of.get(key) {
            create.option(flag, value);
        }
    }
    if of.get("Driver") == Some("image") {
        let image = of.get("Image");
        let image = image
            .ok_or_else(|| Error::new("the key Image is mandatory when using the image driver").code(code::BAD_UNIT))?;
        let image = sources::image(of, image)?;
        create.option("--opt", format!("image={image}"));
    } else {
        let mut options: Vec<String> = Vec::new();
        for (key, option) in [("User", "uid"), ("Group", "gid")] {
            if of.get(key).is_some() {
                options.push(format!("{option}={}", of.number(key).unwrap_or(0)));
            }
        }
        if let Some(copy) = of.flag("Copy") {
            create.option("--opt", if copy { "copy" } else { "nocopy" });
        }
        let device = of.text("Device");
        if let Some(device) = device {
            create.option("--opt", format!("device={device}"));
        }
        if let Some(kind) = of.text("Type") {
            let device =
                device.ok_or_else(|| Error::new("key Type can't be used without Device").code(code::BAD_UNIT))?;
            create.option("--opt", format!("type={kind}"));
            if kind == "bind" {
                of.needs_mount(device);
            }
        }
        options.extend(of.text("Options").map(str::to_string));
        if !options.is_empty() {
            create.option("--opt", format!("o={}", options.join(",")));
        }
    }
    create.assignments(of, &[("Label", "--label")]);
    create.own_arguments(of);
    create.push(name.as_str());
    of.exec("ExecStart", &create);
    of.oneshot(true);
    of.makes(&name);
    Ok(())
}
