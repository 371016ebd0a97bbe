//! Which ids a container has: `UserNS=`, `UIDMap=` and the rest, and the older `Remap...=`.

use process::{Error, Result, code};

use super::{CommandLine, Translation};

/// Adds the flags; `manual` when the verb takes `--uidmap`.
///
/// # Errors
/// Keys that contradict each other.
pub fn add(of: &Translation<'_>, line: &mut CommandLine, manual: bool) -> Result<()> {
    let (uids, gids) = (of.lists("UIDMap"), of.lists("GIDMap"));
    let texts = [("UserNS", "--userns"), ("SubUIDMap", "--subuidname"), ("SubGIDMap", "--subgidname")];
    if uids.is_empty() && gids.is_empty() && texts.iter().all(|(key, _)| of.text(key).is_none()) {
        return remap(of, line, manual);
    }
    if ["RemapUid", "RemapGid", "RemapUsers"].iter().any(|key| of.get(key).is_some()) {
        return Err(Error::new("deprecated Remap keys are set along with explicit mapping keys").code(code::BAD_UNIT));
    }
    line.texts(of, &texts[..1]);
    line.lists(of, &[("UIDMap", "--uidmap"), ("GIDMap", "--gidmap")]);
    line.texts(of, &texts[1..]);
    Ok(())
}

fn remap(of: &Translation<'_>, line: &mut CommandLine, manual: bool) -> Result<()> {
    let (uids, gids) = (of.lists("RemapUid"), of.lists("RemapGid"));
    let prefixed = |name: &str, values: &[String]| -> Vec<String> {
        values.iter().map(|value| format!("{name}={value}")).collect()
    };
    match of.get("RemapUsers").unwrap_or_default() {
        "" if !uids.is_empty() => Err(Error::new("UidMap set without RemapUsers").code(code::BAD_UNIT)),
        "" if !gids.is_empty() => Err(Error::new("GidMap set without RemapUsers").code(code::BAD_UNIT)),
        "" => Ok(()),
        "manual" if !manual => Err(Error::new("RemapUsers=manual is not supported").code(code::BAD_UNIT)),
        "manual" => {
            line.lists(of, &[("RemapUid", "--uidmap"), ("RemapGid", "--gidmap")]);
            Ok(())
        }
        "auto" => {
            let mut options = [prefixed("uidmapping", &uids), prefixed("gidmapping", &gids)].concat();
            options.extend(of.number("RemapUidSize").filter(|size| *size > 0).map(|size| format!("size={size}")));
            line.option("--userns", with_options("auto", &options));
            Ok(())
        }
        "keep-id" => {
            for (values, name) in [(&uids, "UID"), (&gids, "GID")] {
                if values.len() > 1 {
                    let only = format!("RemapUsers=keep-id supports only a single value for {name} mapping");
                    return Err(Error::new(only).code(code::BAD_UNIT));
                }
            }
            let options = [prefixed("uid", &uids), prefixed("gid", &gids)].concat();
            line.option("--userns", with_options("keep-id", &options));
            Ok(())
        }
        other => Err(Error::new(format!("unsupported RemapUsers option '{other}'")).code(code::BAD_UNIT)),
    }
}

fn with_options(mode: &str, options: &[String]) -> String {
    match options {
        [] => mode.to_string(),
        options => format!("{mode}:{}", options.join(",")),
    }
}
