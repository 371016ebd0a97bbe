//! `.kube`: what a Kubernetes file describes runs.

use process::{Error, Result, code};

use super::{Translation, directory, mapping, sources};

/// Translates it.
///
/// # Errors
/// What the file says cannot be done.
pub fn translate(of: &mut Translation<'_>) -> Result<()> {
    let yaml: Vec<String> = of.lists("Yaml").iter().map(|path| of.path(path)).collect();
    if yaml.is_empty() {
        return Err(Error::new("no Yaml key specified").code(code::BAD_UNIT));
    }
    of.kill_mode()?;
    of.service.add("Service", "Environment", "PODMAN_SYSTEMD_UNIT=%n");
    if of.notifies()? {
        of.service.set("Service", "Type", "notify");
        of.service.set("Service", "NotifyAccess", "all");
    }
    of.default("SyslogIdentifier", "%N");

    let mut play = of.command();
    play.extend(["kube", "play", "--replace", "--service-container=true"]);
    if let Some(propagation) = of.text("ExitCodePropagation") {
        play.push(format!("--service-exit-code-propagation={propagation}"));
    }
    sources::logs(of, &mut play);
    mapping::add(of, &mut play, false)?;
    sources::networks(of, &mut play)?;
    for update in of.lists("AutoUpdate") {
        play.push(match update.split_once('/') {
            Some((container, policy)) => format!("--annotation=io.containers.autoupdate/{container}={policy}"),
            None => format!("--annotation=io.containers.autoupdate={update}"),
        });
    }
    for map in of.lists("ConfigMap") {
        play.option("--configmap", of.path(&map));
    }
    play.all(of, &[("PublishPort", "--publish")]);
    play.own_arguments(of);
    play.extend(yaml.clone());
    of.exec("ExecStart", &play);

    // After a failed start as well: nothing may be left.
    let mut down = of.command();
    down.extend(["kube", "down"]);
    down.switches(of, &[("KubeDownForce", "--force")]);
    down.extend(yaml);
    of.exec("ExecStopPost", &down);
    directory::set(of).map(drop)
}
