//! An argument's test as the OCI configuration writes it.

use process::Error;
use process::code;
use serde::{Deserialize, Serialize};

use super::{Operator, Test};

/// `{"index": 0, "value": 40, "op": "SCMP_CMP_NE"}`
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Arg {
    index: u8,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: Op,
}

#[derive(Serialize, Deserialize)]
enum Op {
    #[serde(rename = "SCMP_CMP_NE")]
    Ne,
    #[serde(rename = "SCMP_CMP_LT")]
    Lt,
    #[serde(rename = "SCMP_CMP_LE")]
    Le,
    #[serde(rename = "SCMP_CMP_EQ")]
    Eq,
    #[serde(rename = "SCMP_CMP_GE")]
    Ge,
    #[serde(rename = "SCMP_CMP_GT")]
    Gt,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEq,
}

impl TryFrom<Arg> for Test {
    type Error = Error;

    fn try_from(arg: Arg) -> Result<Test, Error> {
        if arg.index > 5 {
            return Err(
                Error::new(format!("seccomp: a system call has no argument {}", arg.index)).code(code::BAD_SECCOMP)
            );
        }
        let operator = match arg.op {
            Op::Ne => Operator::NotEqual(arg.value),
            Op::Lt => Operator::LessThan(arg.value),
            Op::Le => Operator::LessOrEqual(arg.value),
            Op::Eq => Operator::EqualTo(arg.value),
            Op::Ge => Operator::GreaterOrEqual(arg.value),
            Op::Gt => Operator::GreaterThan(arg.value),
            Op::MaskedEq => Operator::MaskedEqual { mask: arg.value, value: arg.value_two },
        };
        Ok(Test { index: arg.index, operator })
    }
}

impl From<Test> for Arg {
    fn from(test: Test) -> Arg {
        let (op, value, value_two) = match test.operator {
            Operator::NotEqual(value) => (Op::Ne, value, 0),
            Operator::LessThan(value) => (Op::Lt, value, 0),
            Operator::LessOrEqual(value) => (Op::Le, value, 0),
            Operator::EqualTo(value) => (Op::Eq, value, 0),
            Operator::GreaterOrEqual(value) => (Op::Ge, value, 0),
            Operator::GreaterThan(value) => (Op::Gt, value, 0),
            Operator::MaskedEqual { mask, value } => (Op::MaskedEq, mask, value),
        };
        Arg { index: test.index, value, value_two, op }
    }
}
