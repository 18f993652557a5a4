//! Wrong options, in the words of this program: what is wrong, and what was probably meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::error::Error;

/// The error for an option or a value that is not known; `None` for what clap says well itself.
pub fn error(error: &clap::Error) -> Option<Error> {
    let (what, hint) = match error.kind() {
        ErrorKind::UnknownArgument => {
            let argument = text(error, ContextKind::InvalidArg)?;
            let kind = if argument.starts_with('-') { "option" } else { "argument" };
            let meant = text(error, ContextKind::SuggestedArg).map(|arg| format!("did you mean '{arg}'?"));
            (format!("unknown {kind} '{argument}'"), meant.unwrap_or_else(|| "see cdc-doctor --help".into()))
        }
        ErrorKind::InvalidValue => {
            let option = text(error, ContextKind::InvalidArg)?;
            let option = option.split(' ').next().unwrap_or(&option);
            let value = text(error, ContextKind::InvalidValue).filter(|value| !value.is_empty())?;
            let known = text(error, ContextKind::ValidValue).filter(|known| !known.is_empty())?;
            (format!("{option}: '{value}' is not one of its values"), format!("one of {known}"))
        }
        ErrorKind::ValueValidation => {
            let option = text(error, ContextKind::InvalidArg)?;
            let option = option.split(' ').next().unwrap_or(&option);
            let value = text(error, ContextKind::InvalidValue)?;
            // a parser of ours says what is wrong; that of a number does not need to
            let why = std::error::Error::source(error).map(ToString::to_string).filter(|why| why.contains(" is "));
            (
                format!("{option}: '{value}' is not one of its values"),
                why.unwrap_or_else(|| "see cdc-doctor --help".into()),
            )
        }
        _ => return None,
    };
    Some(Error::Usage { what, hint: Some(hint) })
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}
