//! Base64 (RFC 4648), of both alphabets, with padding or without: what clients send in a header.

/// The bytes; `None` when it is none.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    // One digit alone is no byte.
    (count < 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn both_alphabets() {
        assert_eq!(decode("eyJhIjoiPz8_Pj4-In0=").as_deref(), Some(&br#"{"a":"???>>>"}"#[..]));
        assert_eq!(decode("eyJhIjoiPz8/Pj4+In0").as_deref(), Some(&br#"{"a":"???>>>"}"#[..]));
        assert_eq!(
            (decode(""), decode("QQ=="), decode("Q"), decode("Q Q")),
            (Some(Vec::new()), Some(b"A".to_vec()), None, None)
        );
    }
}
