//! `.network`: a network is made unless it is there.

use process::{Error, Result, code};

use super::{Kind, Translation, names};

/// Translates it.
///
/// # Errors
/// What the file says cannot be done.
pub fn translate(of: &mut Translation<'_>) -> Result<()> {
    let name = names::resource(of.source(), Kind::Network);
    if of.flag("NetworkDeleteOnStop") == Some(true) {
        let mut remove = of.command();
        remove.extend(["network", "rm", &name]);
        of.exec("ExecStopPost", &remove);
    }
    let mut create = of.command();
    create.extend(["network", "create", "--ignore"]);
    create.switches(of, &[("DisableDNS", "--disable-dns"), ("Internal", "--internal"), ("IPv6", "--ipv6")]);
    create.texts(of, &[("Driver", "--driver"), ("IPAMDriver", "--ipam-driver"), ("InterfaceName", "--interface-name")]);
    create.all(of, &[("DNS", "--dns")]);
    let subnets = of.all("Subnet");
    let [gateways, ranges] = ["Gateway", "IPRange"].map(|key| of.all(key));
    if subnets.is_empty() && !(gateways.is_empty() && ranges.is_empty()) {
        return Err(Error::new("cannot set gateway or range without subnet").code(code::BAD_UNIT));
    }
    for (values, what) in [(&gateways, "gateways"), (&ranges, "ranges")] {
        if values.len() > subnets.len() {
            return Err(Error::new(format!("cannot set more {what} than subnets")).code(code::BAD_UNIT));
        }
    }
    // The first gateway is the first subnet's, and so on.
    for (number, subnet) in subnets.into_iter().enumerate() {
        create.option("--subnet", subnet);
        for (values, flag) in [(&gateways, "--gateway"), (&ranges, "--ip-range")] {
            if let Some(value) = values.get(number) {
                create.option(flag, *value);
            }
        }
    }
    create.assignments(of, &[("Label", "--label"), ("Options", "--opt")]);
    create.own_arguments(of);
    create.push(name.as_str());
    of.exec("ExecStart", &create);
    of.oneshot(true);
    of.makes(&name);
    Ok(())
}
