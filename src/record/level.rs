//! Log levels.

use serde::{Deserialize, Serialize};

/// Severity of a record, lowest first. PostgreSQL's `LOG` and `NOTICE` count as `Info`, `PANIC` as `Fatal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Level {
    /// Finest.
    Trace,
    /// Debug.
    Debug,
    /// Information. Flink's JobManager logs the failures of tasks at this level.
    Info,
    /// Warning.
    Warn,
    /// Error.
    Error,
    /// Fatal.
    Fatal,
}

impl Level {
    /// Reads a level word of log4j, logback, java.util.logging or PostgreSQL (also translated).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "TRACE" | "FINEST" | "FINER" => Self::Trace,
            "DEBUG" | "FINE" | "CONFIG" | "DEBUG1" | "DEBUG2" | "DEBUG3" | "DEBUG4" | "DEBUG5" => Self::Debug,
            "INFO"
            | "LOG"
            | "NOTICE"
            | "СООБЩЕНИЕ"
            | "ЗАМЕЧАНИЕ"
            | "ИНФОРМАЦИЯ"
            | "日志"
            | "注意"
            | "信息"
            | "HINWEIS"
            | "로그"
            | "알림"
            | "NOTIFICA"
            | "NOTA" => Self::Info,
            "WARN"
            | "WARNING"
            | "ПРЕДУПРЕЖДЕНИЕ"
            | "警告"
            | "WARNUNG"
            | "ATTENTION"
            | "경고"
            | "ATTENZIONE"
            | "AVISO" => Self::Warn,
            "ERROR" | "SEVERE" | "ОШИБКА" | "错误" | "FEHLER" | "ERREUR" | "오류" | "ERRORE" | "ERRO" => {
                Self::Error
            }
            "FATAL"
            | "PANIC"
            | "ВАЖНО"
            | "ПАНИКА"
            | "致命错误"
            | "比致命错误还过分的错误"
            | "PANIK"
            | "치명적오류"
            | "손상"
            | "FATALE"
            | "PANICO" => Self::Fatal,
            _ => return None,
        })
    }

    /// The word that log4j has for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}
