//! `.container`: a container runs.

use process::{Error, Result, code};

use super::{CommandLine, Translation, mapping, names, sources};

/// Translates it.
///
/// # Errors
/// What the file says cannot be done.
// ANCHOR: container
pub fn translate(of: &mut Translation<'_>) -> Result<()> {
    let image = match (of.text("Image"), of.text("Rootfs")) {
        (None, None) => return Err(Error::new("no Image or Rootfs key specified").code(code::BAD_UNIT)),
        (Some(_), Some(_)) => {
            return Err(
                Error::new("the Image And Rootfs keys conflict can not be specified together").code(code::BAD_UNIT)
            );
        }
        (Some(image), None) => vec![sources::image(of, image)?],
        (None, Some(rootfs)) => vec!["--rootfs".to_string(), rootfs.to_string()],
    };
    let name = names::container(of.source());
    // So that auto-update knows what to restart.
    of.service.add("Service", "Environment", "PODMAN_SYSTEMD_UNIT=%n");
    of.kill_mode()?;
    let mut remove = of.command();
    remove.extend(["rm", "-v", "-f", "-i", name]);
    let remove = remove.line();
    of.service.add("Service", "ExecStop", remove.as_str());
    // When the monitor was killed there is nothing to stop, and ExecStop is left out.
    of.service.add("Service", "ExecStopPost", format!("-{remove}"));
    reload(of, name)?;

    let mut run = of.command();
    run.extend(["run", "--name", name, "--replace", "--rm"]);
    resources(of, &mut run);
    sources::networks(of, &mut run)?;
    notify(of, &mut run)?;
    security(of, &mut run);
    user(of, &mut run)?;
    mapping::add(of, &mut run, true)?;
    sources::volumes(of, &mut run)?;
    labels_and_ports(of, &mut run)?;
    files(of, &mut run)?;
    health(of, &mut run);
    pod(of, &mut run)?;
    run.own_arguments(of);
    run.extend(image);
    run.extend(of.last_arguments("Exec"));
    of.exec("ExecStart", &run);
    of.default("SyslogIdentifier", "%N");
    Ok(())
}
// ANCHOR_END: container

/// What systemd does for `systemctl reload`.
fn reload(of: &mut Translation<'_>, name: &str) -> Result<()> {
    let command = of.last_arguments("ReloadCmd");
    let mut line = of.command();
    match (of.text("ReloadSignal"), command.is_empty()) {
        (None, true) => return Ok(()),
        (Some(_), false) => {
            return Err(
                Error::new("ReloadCmd and ReloadSignal are mutually exclusive but both are set").code(code::BAD_UNIT)
            );
        }
        (None, false) => {
            line.extend(["exec", name]);
            line.extend(command);
        }
        (Some(signal), true) => line.extend(["kill", "--signal", signal, name]),
    }
    of.exec("ExecReload", &line);
    Ok(())
}

fn resources(of: &mut Translation<'_>, run: &mut CommandLine) {
    sources::logs(of, run);
    // The container gets a cgroup of its own inside the service's.
    of.service.add("Service", "Delegate", "yes");
    match of.text("CgroupsMode") {
        Some(mode) => run.option("--cgroups", mode),
        None => run.push("--cgroups=split"),
    }
    // An empty one takes the image's away.
    if let Some(entrypoint) = of.get("Entrypoint") {
        run.push(format!("--entrypoint={entrypoint}"));
    }
    run.texts(
        of,
        &[
            ("HostName", "--hostname"),
            ("IP", "--ip"),
            ("IP6", "--ip6"),
            ("Memory", "--memory"),
            ("PidsLimit", "--pids-limit"),
            ("Pull", "--pull"),
            ("Retry", "--retry"),
            ("RetryDelay", "--retry-delay"),
            ("ShmSize", "--shm-size"),
            ("StopSignal", "--stop-signal"),
            ("StopTimeout", "--stop-timeout"),
            ("Timezone", "--tz"),
            ("WorkingDir", "--workdir"),
        ],
    );
    run.all(
        of,
        &[
            ("AddHost", "--add-host"),
            ("DNS", "--dns"),
            ("DNSOption", "--dns-option"),
            ("DNSSearch", "--dns-search"),
            ("GroupAdd", "--group-add"),
            ("NetworkAlias", "--network-alias"),
            ("Tmpfs", "--tmpfs"),
            ("Ulimit", "--ulimit"),
        ],
    );
    run.switches(
        of,
        &[
            ("EnvironmentHost", "--env-host"),
            ("HttpProxy", "--http-proxy"),
            ("ReadOnlyTmpfs", "--read-only-tmpfs"),
            ("RunInit", "--init"),
        ],
    );
}

/// Who tells systemd that the service is ready. A `oneshot` one is when it is over, and stays in the foreground for that.
// ANCHOR: notify
fn notify(of: &mut Translation<'_>, run: &mut CommandLine) -> Result<()> {
    if !of.notifies()? {
        return Ok(());
    }
    let who = match of.get("Notify") {
        Some(healthy) if healthy.eq_ignore_ascii_case("healthy") => "healthy",
        _ if of.flag("Notify") == Some(true) => "container",
        _ => "conmon",
    };
    run.push(format!("--sdnotify={who}"));
    of.service.set("Service", "Type", "notify");
    of.service.set("Service", "NotifyAccess", "all");
    run.push("-d");
    Ok(())
}
// ANCHOR_END: notify

fn security(of: &Translation<'_>, run: &mut CommandLine) {
    if of.flag("NoNewPrivileges") == Some(true) {
        run.push("--security-opt=no-new-privileges");
    }
    for (key, option) in [("SecurityLabelDisable", "label=disable"), ("SecurityLabelNested", "label=nested")] {
        if of.flag(key) == Some(true) {
            run.option("--security-opt", option);
        }
    }
    for (key, option) in [
        ("SecurityLabelType", "label=type:"),
        ("SecurityLabelFileType", "label=filetype:"),
        ("SecurityLabelLevel", "label=level:"),
        ("AppArmor", "apparmor="),
        ("SeccompProfile", "seccomp="),
    ] {
        if let Some(value) = of.text(key) {
            run.option("--security-opt", format!("{option}{value}"));
        }
    }
    for device in of.lists("AddDevice") {
        match device.strip_prefix('-') {
            None => run.option("--device", device),
            // Only when it is there.
            Some(device) if std::path::Path::new(device.split(':').next().unwrap_or_default()).exists() => {
                run.option("--device", device);
            }
            Some(_) => {}
        }
    }
    for (key, flag) in [("DropCapability", "--cap-drop"), ("AddCapability", "--cap-add")] {
        for capability in of.lists(key) {
            run.option(flag, capability.to_ascii_lowercase());
        }
    }
    run.lists(of, &[("Sysctl", "--sysctl")]);
    run.switches(of, &[("ReadOnly", "--read-only")]);
    if of.flag("VolatileTmp") == Some(true) && of.flag("ReadOnly") != Some(true) {
        run.option("--tmpfs", "/tmp:rw,size=512M,mode=1777");
    }
}

fn user(of: &Translation<'_>, run: &mut CommandLine) -> Result<()> {
    match (of.text("User"), of.text("Group")) {
        (Some(user), Some(group)) => run.option("--user", format!("{user}:{group}")),
        (Some(user), None) => run.option("--user", user),
        (None, Some(_)) => return Err(Error::new("invalid Group set without User").code(code::BAD_UNIT)),
        (None, None) => {}
    }
    Ok(())
}

fn labels_and_ports(of: &mut Translation<'_>, run: &mut CommandLine) -> Result<()> {
    if let Some(policy) = of.text("AutoUpdate") {
        run.option("--label", format!("io.containers.autoupdate={policy}"));
    }
    for port in of.all("ExposeHostPort") {
        let port = port.trim();
        let number = port.strip_suffix("/udp").or(port.strip_suffix("/tcp")).unwrap_or(port);
        if number.split('-').count() > 2 || number.split('-').any(|number| number.parse::<u16>().is_err()) {
            return Err(Error::new(format!("invalid port format '{port}'")).code(code::BAD_UNIT));
        }
        run.option("--expose", port);
    }
    run.all(of, &[("PublishPort", "--publish")]);
    run.assignments(of, &[("Annotation", "--annotation"), ("Environment", "--env"), ("Label", "--label")]);
    Ok(())
}

fn files(of: &mut Translation<'_>, run: &mut CommandLine) -> Result<()> {
    for (key, option) in [("Mask", "mask="), ("Unmask", "unmask=")] {
        for paths in of.arguments(key) {
            run.option("--security-opt", format!("{option}{paths}"));
        }
    }
    for file in of.arguments("EnvironmentFile") {
        run.option("--env-file", of.path(&file));
    }
    for secret in of.arguments("Secret") {
        run.option("--secret", secret);
    }
    for mount in of.arguments("Mount") {
        let mount = sources::mount(of, &mount)?;
        run.option("--mount", mount);
    }
    Ok(())
}

fn health(of: &Translation<'_>, run: &mut CommandLine) {
    run.texts(
        of,
        &[
            ("HealthCmd", "--health-cmd"),
            ("HealthInterval", "--health-interval"),
            ("HealthOnFailure", "--health-on-failure"),
            ("HealthLogDestination", "--health-log-destination"),
            ("HealthMaxLogCount", "--health-max-log-count"),
            ("HealthMaxLogSize", "--health-max-log-size"),
            ("HealthRetries", "--health-retries"),
            ("HealthStartPeriod", "--health-start-period"),
            ("HealthTimeout", "--health-timeout"),
            ("HealthStartupCmd", "--health-startup-cmd"),
            ("HealthStartupInterval", "--health-startup-interval"),
            ("HealthStartupRetries", "--health-startup-retries"),
            ("HealthStartupSuccess", "--health-startup-success"),
            ("HealthStartupTimeout", "--health-startup-timeout"),
        ],
    );
}

/// The container lives and dies with its pod.
fn pod(of: &mut Translation<'_>, run: &mut CommandLine) -> Result<()> {
    let Some(pod) = of.text("Pod") else { return Ok(()) };
    if !pod.ends_with(".pod") {
        return Err(Error::new(format!("pod {pod} is not Quadlet based")).code(code::NO_UNIT));
    }
    let member = of.service.name().to_string();
    // A template has no service that the pod could start.
    let starts = !of.source().name().contains("@.") && of.flag("StartWithPod") != Some(false);
    let known = of
        .known(pod)
        .ok_or_else(|| Error::new(format!("quadlet pod unit {pod} does not exist")).code(code::NO_UNIT))?;
    if starts {
        known.members.push(member);
    }
    let (service, resource) = (format!("{}.service", known.service), known.resource.clone());
    run.option("--pod", resource);
    of.service.add("Unit", "BindsTo", service.as_str());
    of.service.add("Unit", "After", service);
    Ok(())
}
