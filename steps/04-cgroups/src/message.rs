//! The messages of D-Bus, in zvariant's encoding (dbus.freedesktop.org/doc/dbus-specification.html, "Message Protocol").

use std::io::{self, Read};

use serde::{Serialize, de::DeserializeOwned};
use zvariant::serialized::{Context, Data};
use zvariant::{DynamicType, LE, ObjectPath, OwnedValue, Signature, Type, Value};

use crate::bus::Call;

/// A message at most (the specification's limit): nobody makes us take more memory.
const LIMIT: usize = 128 << 20;

/// The kinds of messages.
const CALL: u8 = 1;
pub(crate) const ANSWER: u8 = 2;
pub(crate) const ERROR: u8 = 3;
pub(crate) const SIGNAL: u8 = 4;

/// The fields of a header.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
pub(crate) const MEMBER: u8 = 3;
pub(crate) const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

/// What all messages begin with: byte order, kind, flags, version, length of the body, serial, and the fields.
type Header<T> = (u8, u8, u8, u8, u32, u32, Vec<(u8, T)>);

/// A message that came.
pub(crate) struct Message {
    pub kind: u8,
    fields: Vec<(u8, OwnedValue)>,
    signature: Signature,
    body: Vec<u8>,
}

impl Message {
    /// Reads one.
    pub(crate) fn receive(stream: &mut impl Read) -> Result<Message, zvariant::Error> {
        let mut bytes = vec![0; 16];
        stream.read_exact(&mut bytes)?;
        let number =
            |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes);
        let (body, fields) = (number(4) as usize, number(12) as usize);
        // A sender chooses its byte order; whoever is on this machine has ours.
        if bytes[0] != b'l' || body.saturating_add(fields) > LIMIT {
            return Err(zvariant::Error::InputOutput(io::Error::from(io::ErrorKind::InvalidData).into()));
        }
        let begin = (16 + fields).next_multiple_of(8);
        bytes.resize(begin + body, 0);
        stream.read_exact(&mut bytes[16..])?;
        let body = bytes.split_off(begin);
        let (header, _): (Header<OwnedValue>, _) = Data::new(bytes, Context::new_dbus(LE, 0)).deserialize()?;
        let (_, kind, _, _, _, _, fields) = header;
        let signature = fields.iter().find(|(code, _)| *code == SIGNATURE);
        let signature = signature.and_then(|(_, value)| Signature::try_from(value.try_clone().ok()?).ok());
        Ok(Message { kind, fields, signature: signature.unwrap_or(Signature::Unit), body })
    }

    fn field(&self, code: u8) -> Option<&OwnedValue> {
        self.fields.iter().find(|(known, _)| *known == code).map(|(_, value)| value)
    }

    pub(crate) fn text(&self, code: u8) -> Option<String> {
        self.field(code).and_then(|value| <&str>::try_from(value).ok()).map(str::to_owned)
    }

    pub(crate) fn answers(&self, serial: u32) -> bool {
        self.field(REPLY_SERIAL).is_some_and(|value| u32::try_from(value) == Ok(serial))
    }

    pub(crate) fn read<T: DeserializeOwned + Type>(&self) -> Result<T, zvariant::Error> {
        let data = Data::new(self.body.as_slice(), Context::new_dbus(LE, 0));
        if self.signature != *T::SIGNATURE {
            return Err(zvariant::Error::SignatureMismatch(self.signature.clone(), format!("{}", T::SIGNATURE)));
        }
        data.deserialize().map(|(value, _)| value)
    }

    pub(crate) fn error(&self) -> String {
        let data = Data::new(self.body.as_slice(), Context::new_dbus(LE, 0));
        // An error begins with a sentence, if it has anything.
        let words = data.deserialize::<String>().map(|(words, _)| words);
        words.ok().or_else(|| self.text(ERROR_NAME)).unwrap_or_else(|| "an error without a name".into())
    }
}

/// A field of a header that we write.
enum Field<'a> {
    Value(Value<'a>),
    Types(Types),
}

/// The types of several arguments, one after the other: no value has more than one, but this field has.
#[derive(Serialize, Type)]
#[zvariant(signature = "g")]
struct Types(String);

impl Type for Field<'_> {
    const SIGNATURE: &'static Signature = &Signature::Variant;
}

impl Serialize for Field<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Field::Value(value) => value.serialize(serializer),
            Field::Types(types) => zvariant::as_value::Serialize(types).serialize(serializer),
        }
    }
}

/// The bytes of a call.
pub(crate) fn call<B: Serialize + DynamicType>(
    call: &Call<'_>,
    serial: u32,
    body: &B,
) -> Result<Vec<u8>, zvariant::Error> {
    let bytes = zvariant::to_bytes(Context::new_dbus(LE, 0), body)?;
    let signature = body.signature();
    let mut fields = vec![
        (PATH, Field::Value(ObjectPath::try_from(call.path)?.into())),
        (INTERFACE, Field::Value(call.interface.into())),
        (MEMBER, Field::Value(call.member.into())),
        (DESTINATION, Field::Value(call.destination.into())),
    ];
    if signature != Signature::Unit {
        fields.push((SIGNATURE, Field::Types(Types(signature.to_string_no_parens()))));
    }
    let length = u32::try_from(bytes.len()).map_err(|_| zvariant::Error::OutOfBounds)?;
    let header: Header<Field<'_>> = (b'l', CALL, 0, 1, length, serial, fields);
    let mut message = zvariant::to_bytes(Context::new_dbus(LE, 0), &header)?.to_vec();
    message.resize(message.len().next_multiple_of(8), 0);
    message.extend_from_slice(&bytes);
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let to = Call { destination: "a.b", path: "/a", interface: "a.b.C", member: "Do" };
        for body in ["", "several words"] {
            let bytes = call(&to, 7, &(body, 5_u32)).unwrap();
            let message = Message::receive(&mut bytes.as_slice()).unwrap();
            assert_eq!((message.kind, message.text(MEMBER).as_deref()), (CALL, Some("Do")));
            assert_eq!(message.read::<(String, u32)>().unwrap(), (body.to_owned(), 5));
            // Not as what it is not.
            assert!(message.read::<u32>().is_err());
            assert!(Message::receive(&mut &bytes[..bytes.len() - 1]).is_err());
        }
    }

    #[test]
    fn nobody_makes_us_take_more_than_there_is() {
        let mut bytes =
            call(&Call { destination: "a.b", path: "/a", interface: "a.b.C", member: "Do" }, 7, &()).unwrap();
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Message::receive(&mut bytes.as_slice()).is_err());
    }
}
