//! Words of a command line.

use crate::answer::Failure;

/// Flags, and what follows them. Each flag is one word with its value, so that no value is taken for a flag.
#[derive(Debug, Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    /// `--name`, when it is asked for.
    pub fn flag(&mut self, name: &str, on: Option<bool>) {
        if on == Some(true) {
            self.0.push(format!("--{name}"));
        }
    }

    /// `--name=VALUE`, when there is one.
    pub fn value(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value.map(|value| value.to_string()).filter(|value| !value.is_empty()) {
            self.0.push(format!("--{name}={value}"));
        }
    }

    /// `--name=VALUE`, when it is not 0.
    pub fn number(&mut self, name: &str, value: Option<i64>) {
        self.value(name, value.filter(|value| *value != 0));
    }

    /// `--name=VALUE` for each.
    pub fn list(&mut self, name: &str, values: impl IntoIterator<Item = impl ToString>) {
        for value in values {
            self.value(name, Some(value));
        }
    }

    /// `--name=KEY=VALUE` for each.
    pub fn pairs<'a>(&mut self, name: &str, pairs: impl IntoIterator<Item = (&'a String, &'a String)>) {
        self.list(name, pairs.into_iter().map(|(key, value)| format!("{key}={value}")));
    }

    /// `--env=NAME=VALUE`. Without a value the command line takes the caller's, and the caller is the service.
    pub fn env<'a>(&mut self, variables: impl IntoIterator<Item = &'a String>) -> Result<(), Failure> {
        for variable in variables {
            match variable.split_once('=') {
                Some((name, _)) if !name.is_empty() => self.list("env", [variable]),
                _ => {
                    return Err(Failure::bad(format!(
                        "environment variable {variable:?} badly formed, must be key=value"
                    )));
                }
            }
        }
        Ok(())
    }

    /// `--mount=KEY=VALUE,...`; the values have no way to contain a comma.
    pub fn mount(&mut self, fields: &[(&str, &str)]) -> Result<(), Failure> {
        let fields = fields.iter().filter(|(_, value)| !value.is_empty());
        let fields = fields.map(|(name, value)| match value.contains([',', '"', '\n']) {
            true => Err(Failure::bad(format!("mount {name}={value:?}: a comma, a quote or a line's end in it"))),
            false => Ok(format!("{name}={value}")),
        });
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        self.list("mount", [fields.join(",")]);
        Ok(())
    }

    /// The image and the command: from here on nothing is a flag.
    pub fn finish(mut self, image: &str, command: Vec<String>) -> Result<Vec<String>, Failure> {
        if image.is_empty() {
            return Err(Failure::bad("no image is named"));
        }
        self.0.extend(["--".to_string(), image.to_string()]);
        self.0.extend(command);
        match self.0.iter().find(|word| word.contains('\0')) {
            Some(word) => Err(Failure::bad(format!("{word:?} has a zero byte in it"))),
            None => Ok(self.0),
        }
    }
}
