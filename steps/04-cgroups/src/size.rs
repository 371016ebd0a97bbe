//! Sizes as people write them.

/// Bytes: a number, perhaps with a fraction, and a unit of 1024 (`b`, `k`, `m`, `g`, `t`, `p`, as `kb` or `KiB` too), as
/// Docker's `RAMInBytes`.
///
/// # Errors
/// `invalid size: 'TEXT'`, as Podman writes it.
pub fn parse(text: &str) -> Result<u64, String> {
    let invalid = || format!("invalid size: '{text}'");
    let lower = text.trim().to_ascii_lowercase();
    let end = lower.rfind(|c: char| c.is_ascii_digit() || c == '.').map_or(0, |at| at + 1);
    let (number, unit) = lower.split_at(end);
    let unit = unit.trim_start();
    let power = match unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(unit) {
        "" if unit == "ib" => return Err(invalid()),
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return Err(invalid()),
    };
    let number: f64 = number.parse().map_err(|_| invalid())?;
    let bytes = number * 1024_f64.powi(power);
    // A size of memory is far below the numbers that a float cannot hold.
    if (0.0..1e18).contains(&bytes) { Ok(bytes as u64) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn units_are_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("12", 12),
            ("12b", 12),
            ("4k", 4096),
            ("4KB", 4096),
            ("1.5m", 1_572_864),
            ("64MiB", 67_108_864),
            ("2 g", 2_147_483_648),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_named() {
        for text in ["", "m", "12x", "-1", "ib", "1..2", "1mm", "inf", "99999999p"] {
            assert_eq!(parse(text), Err(format!("invalid size: '{text}'")), "{text}");
        }
    }
}
