//! The words of our own: every fixed phrase of the text output, in one table, and how numbers are written.
//!
//! A phrase is whole and has named places (`{file}`), so that another language is another table. A phrase that depends on a
//! number has two forms with `|` between them, for one and for more; a language that needs none leaves the bar out. Ids, SQL,
//! evidence, option names and the states of Flink are never translated.

pub mod numbers;

/// A piece of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text as it is.
    Text(&'t str),
    /// The name of a place to fill.
    Slot(&'t str),
}

/// Cuts a phrase at its named places.
#[must_use]
pub fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, inner)) = rest.split_once('{') {
        let Some((name, after)) = inner.split_once('}') else { break };
        pieces.extend([Piece::Text(before), Piece::Slot(name)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Fills the named places of a phrase. A place without a value keeps its name.
#[must_use]
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let filled = pieces(template).into_iter().map(|piece| match piece {
        Piece::Text(text) => text,
        Piece::Slot(name) => values.iter().find(|value| value.0 == name).map_or(name, |value| value.1),
    });
    filled.collect()
}

/// The form of a phrase for this number, with `{n}` filled in and every other place kept.
#[must_use]
pub fn counted(template: &str, number: u64) -> String {
    let (one, more) = template.split_once('|').unwrap_or((template, template));
    let form = if number == 1 { one } else { more };
    form.replace("{n}", &numbers::count(number))
}

macro_rules! table {
    ($($name:ident = $text:literal;)*) => {
        /// All phrases. The fields are named after what they say; their English text is their documentation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct Words {
            $(#[doc = concat!("`", $text, "`")] pub $name: &'static str,)*
        }

        /// English.
        pub static ENGLISH: Words = Words { $($name: $text,)* };
    };
}

table! {
    // Verdicts and headlines
    certain = "certain";
    likely = "likely";
    possible = "possible";
    cannot_tell = "cannot tell";
    colon = ": ";
    comma = ", ";
    list_and = "{list} and {last}";
    no_failure = "no failure found";
    independent = "{n} cause|{n} causes, independent of each other";
    more_diagnoses = "1 more cause is not shown (--top)|{n} more causes are not shown (--top)";
    verified = "verify: {verdict}";
    // Who and where
    item_user = "user {value}";
    item_database = "database {value}";
    item_slot = "slot {value}";
    item_publication = "publication {value}";
    item_table = "table {value}";
    item_tables = "tables {value}";
    item_pid = "server process {value}";
    item_tls = "connection with TLS";
    item_no_tls = "connection without TLS";
    item_jobs = "job {jobs}|jobs {jobs}";
    // How often and when
    failures = "1 failure|{n} failures";
    only_files = "seen in the files of the job, in no log";
    failures_span = "{failures} in {span}";
    attempts_of = "{attempt} of {of} attempts";
    every = "every {interval}";
    still_going_on = "still going on at the end of the log";
    still_going_on_short = "still going on";
    recovered = "recovered: the source moved again";
    recovered_at = "recovered: the source moved at {time}";
    used_up = "the job used up its restarts and is FAILED";
    is_failed = "the job is FAILED";
    attempt_failed = "the source ended in FAILED (attempt {attempt})";
    attempts_failed = "the source ended in FAILED (attempts {attempts})";
    each_start_failed = "each start of the source ended in FAILED (attempts {attempts})";
    flink_shows_running = "Flink shows the job as RUNNING, but it reads nothing.";
    flink_shows_running_short = "Flink shows RUNNING";
    gives_up = "The retries end at about {time}.";
    cut_off = "the last line of the input, {line}, is in the middle of a trace";
    // Why
    log_shows = "The log also shows: {facts}.";
    files_show = "The files show: {facts}.";
    may_hide = "This message may hide another cause ({causes}): look at the first failure in older logs.";
    not_certain = "Likely, not certain: one other cause prints the same.|Likely, not certain: {n} other causes print the same.";
    misleading = "Misleading";
    misleading_words = "\"{says}\": {truth}";
    at_line = "line\u{a0}{line}";
    // Evidence
    evidence = "Evidence";
    evidence_in = "Evidence in {file}";
    once_more = "and once more at line {last}";
    twice_more = "and twice more, the last at line {last}";
    more_like = "and {more} more like line {line}, the last at line {last}";
    surfaced = "Line {lines} is only how it surfaced|Lines {lines} are only how it surfaced";
    more_evidence = "1 more line of evidence with -v|{n} more lines of evidence with -v";
    own_code = "<- the job's code";
    ruled_out_by = "Ruled out by {file}: {causes}";
    // Check
    check = "Check";
    tell_apart = "Tell them apart";
    in_shell = "shell";
    in_flink = "Flink's web UI or logs";
    in_log = "{system}'s log";
    who_any = "any user";
    who_owner = "owner";
    who_superuser = "superuser";
    who_cdc_user = "the job's own user";
    healthy = "healthy: {answer}";
    it_unless = "it, unless: {answer}";
    answer_means = "{answer}: {means}";
    for_versions = "{system} {versions}";
    more_checks = "and 1 more check, see -v|and {n} more checks, see -v";
    same_words = "The same words stand for these causes, too:";
    more_causes = "and 1 more, see -v|and {n} more, see -v";
    the_answer = "the answer";
    is_equal = "{column} = {value}";
    is_not = "{column} is not {value}";
    is_above = "{column} > {value}";
    is_at_least = "{column} >= {value}";
    is_at_most = "{column} <= {value}";
    is_like = "{column} matches {value}";
    is_below = "{column} < {value}";
    is_null = "{column} empty";
    is_not_null = "{column} filled";
    no_row = "no row";
    one_row = "one row";
    some_rows = "at least one row";
    rows_are = "rows: {rows}";
    // Fix, Never, what is missing
    fix = "Fix";
    fix_if_confirmed = "Fix, if confirmed";
    as_owner = "the owner";
    step_one_of = " (step 1 of {steps})";
    step_as = "{action} As {who}.";
    step_in = "{action} In {file}.";
    step_as_in = "{action} As {who}, in {file}.";
    mark_changes = "changes the server";
    mark_reload = "reload, no restart";
    mark_restart_postgres = "restart PostgreSQL";
    mark_restart_job = "restart job";
    mark_restart_job_without_state = "restart job without its state";
    mark_downtime = "downtime";
    mark_loss = "data loss";
    mark_loss_of = "data loss: {what}";
    never = "Never";
    not_in_logs = "Not in these logs";
    one_of = "one of {list}";
    // explain
    seen_as = "You see it in the log as";
    also_translated = "and in other languages";
    buried_under = "It is often buried under";
    affects = "Versions it affects";
    fixed_in = "Fixed in";
    may_stand_for = "It may stand for";
    related = "Related";
    known_from = "How it is known";
    // With -v
    parameters = "Parameters";
    from_option = "{from}";
    record_line = "Record, verbatim ({file}:{first})";
    record_lines = "Record, verbatim ({file}:{first} – {last}, {lines} lines)";
    lines_left_out = "… {n} lines left out, see {place}";
    consequences = "Consequences, not causes";
    lines = "lines {lines}";
    seen = "Seen";
    rule = "Rule";
    rule_matched = "{file}, matched by entry {entry} of {entries}";
    rule_of_files = "{file}, by a check of the job's files";
    rule_literal = "prefilter literal '{literal}'";
    surfaced_as = "Under";
    rank = "Rank";
    see = "See";
    // Symptoms
    a_symptom = "a symptom, not a cause";
    suspects = "Suspects, and the query that tells each one";
    suspects_alone = "Suspects";
    more_suspects = "and 1 more suspect, see -v|and {n} more suspects, see -v";
    ruled_out = "Ruled out by this log";
    more_ruled_out = "and 1 more, see -v|and {n} more, see -v";
    fastest = "Fastest of all: the next lines of this log. The cause stands under \"Caused by:\".";
    // Other logs
    needs_jobmanager = "no failure is in this file, but it may be in the JobManager's log|no failure is in these files, but it may be in the JobManager's log";
    needs_postgres = "this file does not say it, but the PostgreSQL server's log may|these files do not say it, but the PostgreSQL server's log may";
    needs_lines = "this file does not hold enough lines|these files do not hold enough lines";
    needs_something = "what was read does not name a cause";
    jobmanager_alone = "Flink CDC's incremental source finds tables, creates publication and slot and splits tables in the JobManager. When that fails, the TaskManager's log stays clean. So a clean TaskManager log does not mean a healthy job.";
    also_needed = "Also needed: {what}";
    would_help = "Would help: {what}";
    jobmanager_log = "the JobManager's log";
    postgres_log = "the PostgreSQL server's log";
    more_lines = "more lines of this log";
    then = "then";
    // Exceptions that no rule knows
    unknown_exceptions = "1 exception that no rule knows, {thrown}|{n} exceptions that no rule knows, {thrown}";
    thrown = "thrown once|thrown {n} times";
    fingerprint = "fingerprint {fingerprint}";
    thrown_by_own_code = "It was thrown by the job's own code ({class}), not by a connector, Debezium or Flink: start there. The rules know what those say, not what this job means.";
    passed_own_code = "It was thrown in a library that the job's own code called ({class}): start there.";
    not_own_code = "No frame of it is known to be the job's own code.";
    a_consequence = "A consequence, not the cause";
    fault_of_others = "If this is a fault others will meet:";
    more_unrecognised = "and 1 more, see -v|and {n} more, see -v";
    also_seen = "Also seen, not explained";
    more_also = "and 1 more, see -v|and {n} more, see -v";
    no_log = "no log record and no stack trace in this input";
    formats_tried = "Formats tried: log4j2, logback, JSON lines, PostgreSQL's log, the wraps of Docker, Kubernetes and syslog, and a bare stack trace.";
    formats_hint = "hint: give the log of the JobManager or TaskManager, or a whole stack trace";
    note = "Note: {text}";
    // Nothing found
    job_was = "Job {job} was {state} when the logs end.";
    more_jobs = "and 1 more job, see -v|and {n} more jobs, see -v";
    signs_of_life = "Signs of life";
    last_checkpoint = "last checkpoint";
    checkpoint_number = "number {number}";
    looks_like_failure = "Not a failure, though it looks like one";
    more_noise = "and 1 more kind, see -v|and {n} more kinds, see -v";
    logs_cannot_show = "What logs cannot show: a table that is missing from the publication, rows hidden by row-level security, WAL piling up behind the slot.";
    mode_incremental = "This job's source is incremental: what fails at its start stands only in the JobManager's log, which was not given.";
    mode_classic = "This job's source is the classic one: what fails in it stands in the TaskManager's log.";
    mode_unknown = "Whether the source is incremental does not show here. If it is, what fails at its start stands only in the JobManager's log.";
    // Footer
    read_one = "Read {lines}";
    read_stdin = "Read stdin: {lines}";
    read_files = "Read {files}";
    read_named = "Read {files}";
    files = "1 file|{n} files";
    file_lines = "{file} ({lines})";
    lines_read = "1 line|{n} lines";
    not_read = "1 file not read.|{n} files not read.";
    skipped = "1 file skipped.|{n} files skipped.";
    read_in_part = "1 file read in part.|{n} files read in part.";
    causes = "1 cause|{n} causes";
    no_cause = "No cause";
    symptoms = "1 symptom|{n} symptoms";
    unrecognised = "1 unrecognised|{n} unrecognised";
    noise_ignored = "1 harmless warning ignored.|{n} harmless warnings ignored.";
    looked_for = "Looked for 1 cause.|Looked for {n} causes.";
    more = "More:";
}

#[cfg(test)]
mod tests {
    use super::{ENGLISH, Piece, counted, fill, pieces};

    #[test]
    fn phrases_are_filled_by_name() {
        assert_eq!(fill("{a} and {b}, {c}", &[("b", "{a}"), ("a", "1")]), "1 and {a}, c");
        assert_eq!(pieces("an open { brace"), [Piece::Text("an open { brace")]);
    }

    #[test]
    fn numbers_choose_the_form() {
        assert_eq!(counted(ENGLISH.failures, 1), "1 failure");
        assert_eq!(counted(ENGLISH.failures, 1200), "1,200 failures");
        assert_eq!(counted("отказов: {n}", 1), "отказов: 1");
    }
}
