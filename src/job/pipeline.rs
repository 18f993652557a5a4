//! A pipeline of Flink CDC, in YAML, with anchors and merge keys.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{At, Endpoint, Format, JobDefinition, PrimaryKey, Setting, Side, system_of, unreadable};
use crate::diagnostic::{Problem, SourceText};
use crate::rule::yaml::{self, Spanned};

/// A value of any shape, as text: lists are joined with commas, maps are left out.
#[derive(Debug, Default)]
struct Loose(String);

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, v: bool) -> Result<Loose, E> {
        Ok(Loose(v.to_string()))
    }

    fn visit_i64<E: de::Error>(self, v: i64) -> Result<Loose, E> {
        Ok(Loose(v.to_string()))
    }

    fn visit_u64<E: de::Error>(self, v: u64) -> Result<Loose, E> {
        Ok(Loose(v.to_string()))
    }

    fn visit_f64<E: de::Error>(self, v: f64) -> Result<Loose, E> {
        Ok(Loose(v.to_string()))
    }

    fn visit_str<E: de::Error>(self, v: &str) -> Result<Loose, E> {
        Ok(Loose(v.to_owned()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Loose, E> {
        Ok(Loose::default())
    }

    fn visit_none<E: de::Error>(self) -> Result<Loose, E> {
        Ok(Loose::default())
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Loose, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
        let mut all = Vec::new();
        while let Some(Loose(one)) = seq.next_element()? {
            all.push(one);
        }
        Ok(Loose(all.join(",")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::default())
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

type Options = BTreeMap<String, Spanned<Loose>>;

#[derive(Debug, Default, Deserialize)]
struct Raw {
    #[serde(default)]
    source: Option<Options>,
    #[serde(default)]
    sink: Option<Options>,
    #[serde(default)]
    pipeline: Option<Options>,
}

pub(super) fn read(source: &Arc<SourceText>) -> Result<JobDefinition, Problem> {
    let raw: Raw = yaml::read(source).map_err(|problem| {
        let place = problem.labels.first().map(|l| (l.start, l.len, "here"));
        // the parser's own words may repeat a value of the file
        let message = super::mask::text(&problem.message);
        let refused = unreadable(source, "JD004", message, place);
        match &problem.help {
            Some(help) => refused.help(super::mask::text(help)),
            None => refused,
        }
    })?;
    let mut file = JobDefinition::new(source, Format::Pipeline);
    for (side, given) in [(Side::Source, &raw.source), (Side::Sink, &raw.sink)] {
        let Some(given) = given else { continue };
        let settings = options(source, given);
        let kind = settings.iter().find(|s| s.key == "type");
        let name = settings.iter().find(|s| s.key == "name").map(|s| s.value.clone());
        let at = kind.or(settings.first()).map(|s| s.at.clone()).unwrap_or_default();
        file.endpoints.push(Endpoint {
            side,
            system: system_of(kind.map_or("", |s| s.value.as_str())),
            name: name.unwrap_or_else(|| "pipeline".into()),
            key: (PrimaryKey::Unknown, at.clone()),
            at,
            settings,
            readers: 1,
            format: Format::Pipeline,
        });
    }
    file.settings = raw.pipeline.as_ref().map(|p| options(source, p)).unwrap_or_default();
    Ok(file)
}

fn options(source: &SourceText, given: &Options) -> Vec<Setting> {
    let text = &source.text;
    let mut all: Vec<Setting> = given
        .iter()
        .map(|(key, value)| {
            let (start, len) = yaml::span(value);
            let end = start.saturating_add(len).min(text.len());
            // the words of the evidence begin with the key, which stands before the value on its line
            let line = text.get(..start).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
            let own = text.get(line..start).is_some_and(|before| before.contains(key.as_str()));
            Setting::new(key, &value.value.0, text, if own { line } else { start }, end)
        })
        .collect();
    all.sort_by_key(|s| s.at.offset);
    for setting in &mut all {
        if setting.at.text.is_empty() {
            setting.at = At { text: format!("{}: {}", setting.key, setting.value), ..setting.at.clone() };
        }
    }
    all
}
