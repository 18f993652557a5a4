//! Around the causes: jobs, signs of life, notes, and what other log would help.

use super::Maker;
use crate::diagnosis::Incident;
use crate::engine::facts::EventKind;
use crate::record::Timestamp;
use crate::report::{Checkpoint, Diagnosis, Entered, Evidence, HowTo, Job, Need, Note, Place, SignOfLife, Symptom};
use crate::rule::Process;
use crate::rule::template::printable;

impl Maker<'_> {
    pub(super) fn jobs(&self) -> Vec<Job> {
        let sources = &self.diagnosis.sources;
        self.diagnosis
            .jobs
            .iter()
            .map(|job| {
                let checkpoint = sources.iter().enumerate().find_map(|(i, s)| s.checkpoint.map(|c| (i, c)));
                let incremental = sources.iter().any(|s| {
                    s.events
                        .iter()
                        .any(|e| e.logger.contains(".source.enumerator") || e.logger.ends_with("SourceCoordinator"))
                });
                Job {
                    id: job.id.clone(),
                    name: job.name.clone(),
                    state: job.state.as_ref().map(|(s, _, _)| s.clone()),
                    state_at: job
                        .state
                        .as_ref()
                        .map(|(_, source, line)| Place { path: self.path(*source), line: *line }),
                    changes: job.changes.iter().map(|change| self.entered(change)).collect(),
                    attempts: job.attempts,
                    mode: incremental.then(|| "incremental".to_owned()),
                    last_checkpoint: checkpoint.map(|(i, (number, time, line))| Checkpoint {
                        number,
                        time: time.map(|t| t.iso()),
                        at: Place { path: self.path(i), line },
                    }),
                }
            })
            .collect()
    }

    fn entered(&self, (to, time, source, line): &(String, Option<Timestamp>, usize, u64)) -> Entered {
        let at = Place { path: self.path(*source), line: *line };
        Entered { to: to.clone(), time: time.map(|t| t.iso()), at }
    }

    /// Last state of the job (or of its source task) that the incident is about.
    pub(super) fn job_state(&self, incident: &Incident) -> Option<String> {
        let jobs: Vec<_> = self.diagnosis.jobs.iter().filter(|j| j.group == incident.group).collect();
        let named = jobs.iter().find(|j| j.id.as_ref().is_some_and(|id| incident.jobs.contains(id)));
        let job = named.or_else(|| jobs.iter().find(|j| j.state.is_some()))?;
        job.state.as_ref().map(|(s, _, _)| s.clone())
    }

    pub(super) fn last_healthy(&self, incident: &Incident) -> Option<String> {
        let sources: Vec<usize> = incident.occurrences.iter().map(|o| o.source).collect();
        self.diagnosis
            .signs
            .iter()
            .filter(|s| sources.contains(&s.source))
            .filter_map(|s| s.time)
            .max()
            .map(|t| t.iso())
    }

    pub(super) fn signs(&self) -> Vec<SignOfLife> {
        self.diagnosis
            .signs
            .iter()
            .map(|s| SignOfLife {
                text: s.text.clone(),
                time: s.time.map(|t| t.iso()),
                at: Place { path: self.path(s.source), line: s.line },
            })
            .collect()
    }

    pub(super) fn notes(&self, diagnoses: &[Diagnosis], symptoms: &[Symptom]) -> Vec<Note> {
        let mut notes = Vec::new();
        let kafka = |e: &Evidence| e.class.as_deref().is_some_and(|c| c.starts_with("org.apache.kafka.connect."));
        let shown =
            diagnoses.iter().flat_map(|d| &d.evidence).chain(symptoms.iter().flat_map(|s| &s.evidence)).any(kafka)
                || diagnoses.iter().any(|d| d.surfaced_as.iter().any(|c| c.starts_with("org.apache.kafka.connect.")));
        if shown {
            notes.push(Note {
                code: "kafka-is-an-api".into(),
                text: "The org.apache.kafka.connect classes in the trace are Debezium's API; no Kafka is contacted."
                    .into(),
                evidence: Vec::new(),
            });
        }
        notes.extend(self.diagnosis.needs_jobmanager.and_then(|source| self.clean_taskmanager(source)));
        for passed in &self.diagnosis.passed {
            let title = self.rules.get(&passed.rule).map(|r| r.title.clone()).unwrap_or_default();
            notes.push(Note {
                code: "recovered".into(),
                text: format!("Over by itself: {title} [{}], {}x.", passed.rule, passed.failures()),
                evidence: self.evidence(passed).into_iter().take(1).collect(),
            });
        }
        notes.extend(self.conflicts());
        notes.extend(self.includes());
        notes.extend(self.unsaid());
        notes.extend(self.clocks());
        notes.extend(self.mixtures());
        if !self.rules.overridden.is_empty() {
            notes.push(Note {
                code: "rules-overridden".into(),
                text: format!("Shipped rules replaced by --rules: {}.", self.rules.overridden.join(", ")),
                evidence: Vec::new(),
            });
        }
        notes
    }

    /// What the log and the job's files say differently, each once.
    fn conflicts(&self) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        let incidents = self.diagnosis.causes.iter().chain(&self.diagnosis.symptoms);
        for c in incidents.flat_map(|i| &i.params.conflicts) {
            let place =
                |v: &crate::diagnosis::Value| format!("{}:{}", self.path(v.source.unwrap_or(usize::MAX)), v.line);
            let shown = |v: &crate::diagnosis::Value| printable(&v.value);
            let text = format!(
                "The log says {} = {} ({}), the job file says {} ({}). The log's value is used; is it the file of this job?",
                c.name,
                shown(&c.log),
                place(&c.log),
                shown(&c.file),
                place(&c.file)
            );
            if !notes.iter().any(|n| n.text == text) {
                notes.push(Note { code: "job-file-differs".into(), text, evidence: Vec::new() });
            }
        }
        notes
    }

    /// Sources in which the lines of several writers are mixed.
    fn mixtures(&self) -> Vec<Note> {
        let note = |(number, line): (usize, u64)| Note {
            code: "mixed-writers".into(),
            text: format!(
                "Lines of several processes are mixed here, and nothing tells whose they are ({}:{line}): causes found in such \
                 records are a step less sure. One log for each, or kubectl logs --prefix, keeps them apart.",
                self.path(number)
            ),
            evidence: Vec::new(),
        };
        let sources = self.diagnosis.sources.iter().enumerate();
        sources.filter_map(|(number, s)| Some((number, s.mixed?))).map(note).collect()
    }

    /// Files that the server's configuration includes.
    fn includes(&self) -> Vec<Note> {
        let note = |name: &str, at: &crate::job::At| Note {
            code: "include-not-read".into(),
            text: format!("{name}:{}: '{}' names another file, which was not read.", at.line, printable(&at.text)),
            evidence: Vec::new(),
        };
        self.diagnosis.job.iter().flat_map(|f| f.includes.iter().map(move |at| note(&f.name, at))).collect()
    }

    /// Flink SQL that does not say how often checkpoints are taken.
    fn unsaid(&self) -> Option<Note> {
        let (file, line) = crate::job::check::without_checkpoints(&self.diagnosis.job)?;
        let name = &self.diagnosis.job.get(file)?.name;
        let text = format!(
            "No statement sets execution.checkpointing.interval ({name}:{line} reads a database). Positions are confirmed with \
             checkpoints: without any, the slot never moves. The cluster's configuration may set it."
        );
        Some(Note { code: "checkpoints-not-seen".into(), text, evidence: Vec::new() })
    }

    pub(super) fn needs(&self, diagnoses: &[Diagnosis], symptoms: &[Symptom]) -> Vec<Need> {
        let mut needs = Vec::new();
        if let Some(source) = self.diagnosis.needs_jobmanager {
            needs.push(self.jobmanager_log(source));
        }
        let server = self.diagnosis.sources.iter().any(|s| s.process() == Process::Postgres);
        let undecided = diagnoses.iter().find(|d| {
            d.cause.starts_with("postgres/")
                && !d.alternatives.is_empty()
                && matches!(d.state, crate::report::State::Ongoing)
        });
        if let Some(d) = undecided.filter(|_| !server) {
            needs.push(Need {
                what: "postgres-log".into(),
                why: "the server's own log tells these causes apart".into(),
                from: d.first_seen.clone(),
                to: d.last_seen.clone(),
                how: vec![HowTo {
                    place: "then".into(),
                    command: format!("cdc-doctor {} postgresql.log", self.names()),
                }],
            });
        }
        let cut = self.diagnosis.sources.iter().any(|s| s.ends_inside_record);
        if cut && (!symptoms.is_empty()) && diagnoses.is_empty() {
            needs.push(Need {
                what: "more-lines".into(),
                why: "the log ends in the middle of a trace; the cause stands under \"Caused by:\"".into(),
                from: symptoms.first().and_then(|s| s.last_seen.clone()),
                to: None,
                how: Vec::new(),
            });
        }
        needs
    }

    /// What this TaskManager's log shows of the job that may have failed elsewhere.
    fn clean_taskmanager(&self, source: usize) -> Option<Note> {
        let facts = self.diagnosis.sources.get(source)?;
        let deployed = facts.events.iter().any(|e| matches!(e.kind, EventKind::State(_)));
        let text = match facts.jobs.iter().next() {
            Some((id, named)) if !deployed => format!(
                "This TaskManager gave a slot to job {}… (line {}), but no task of the job ever arrived.",
                id.get(..8).unwrap_or(id),
                named.line
            ),
            _ => format!(
                "This TaskManager's log names a CDC connector (line {}), but nothing in it shows the source moving.",
                facts.connector?
            ),
        };
        Some(Note { code: "give-jobmanager-log".into(), text, evidence: Vec::new() })
    }

    fn names(&self) -> String {
        let names: Vec<String> =
            self.diagnosis.sources.iter().map(|s| crate::rule::template::shell_word(&s.name)).take(3).collect();
        names.join(" ")
    }

    fn jobmanager_log(&self, source: usize) -> Need {
        let facts = self.diagnosis.sources.get(source);
        let job = facts.and_then(|s| s.jobs.keys().next()).cloned().unwrap_or_else(|| "<job-id>".into());
        let place = |place: &str, command: String| HowTo { place: place.into(), command };
        Need {
            what: "jobmanager-log".into(),
            why: "Flink CDC's incremental source finds tables, creates publication and slot and splits tables in the JobManager. \
                  When that fails, the TaskManager's log stays clean, as this one is. So a clean TaskManager log does not mean a \
                  healthy job."
                .into(),
            from: facts.and_then(|s| s.first_time).map(|t| t.iso()),
            to: facts.and_then(|s| s.last_time).map(|t| t.iso()),
            how: vec![
                place("on the machine", "/opt/flink/log/flink-*-standalonesession-*.log (or *-jobmanager-*.log)".into()),
                place("in Kubernetes", "kubectl logs deploy/<jobmanager> --timestamps".into()),
                place("from the REST API", format!("curl http://<jobmanager>:8081/jobs/{job}/exceptions")),
                place("then", format!("cdc-doctor jobmanager.log {}", self.names())),
            ],
        }
    }
}
