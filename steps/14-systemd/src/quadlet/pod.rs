//! `.pod`: a pod is there for the containers that join it.

use process::Result;

use super::{Translation, mapping, names, sources};

/// Translates it, after its containers.
///
/// # Errors
/// What the file says cannot be done.
pub fn translate(of: &mut Translation<'_>) -> Result<()> {
    let name = names::pod(of.source());
    let file = of.source().name();
    let members = of.known(file).map(|known| known.members.clone()).unwrap_or_default();
    for member in members {
        of.service.add("Unit", "Wants", member.as_str());
        of.service.add("Unit", "Before", member);
    }
    of.default("SyslogIdentifier", "%N");
    let timeout = format!("--time={}", of.get("StopTimeout").unwrap_or("10"));
    for (key, words) in [
        ("ExecStart", &["start"][..]),
        ("ExecStop", &["stop", "--ignore", &timeout]),
        ("ExecStopPost", &["rm", "--ignore", "--force"]),
    ] {
        let mut line = of.command();
        line.push("pod");
        line.extend(words.iter().copied());
        line.push(name.as_str());
        of.exec(key, &line);
    }

    let mut create = of.command();
    create.extend(["pod", "create", "--infra-conmon-pidfile=%t/%N.pid", "--replace"]);
    create.option("--exit-policy", of.get("ExitPolicy").unwrap_or("stop"));
    mapping::add(of, &mut create, true)?;
    create.all(of, &[("PublishPort", "--publish")]);
    create.assignments(of, &[("Label", "--label")]);
    sources::networks(of, &mut create)?;
    create.texts(of, &[("IP", "--ip"), ("IP6", "--ip6"), ("ShmSize", "--shm-size")]);
    create.all(
        of,
        &[
            ("AddHost", "--add-host"),
            ("DNS", "--dns"),
            ("DNSOption", "--dns-option"),
            ("DNSSearch", "--dns-search"),
            ("HostName", "--hostname"),
            ("NetworkAlias", "--network-alias"),
        ],
    );
    sources::volumes(of, &mut create)?;
    create.option("--infra-name", format!("{name}-infra"));
    create.option("--name", name.as_str());
    create.own_arguments(of);
    of.exec("ExecStartPre", &create);

    of.service.add("Service", "Environment", "PODMAN_SYSTEMD_UNIT=%n");
    of.service.set("Service", "Type", "forking");
    of.service.set("Service", "PIDFile", "%t/%N.pid");
    of.default("Restart", "on-failure");
    Ok(())
}
