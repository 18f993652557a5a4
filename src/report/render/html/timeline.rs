//! When what happened, as a drawing: a lane a cause from its first failure to its last, the states of the jobs, the time that the logs
//! cover. Drawn only if the times can be compared.

use super::{class, escaped};
use crate::report::render::one_line;
use crate::report::words::numbers::{self, Moment};
use crate::report::{Confidence, Report};

/// Width of the drawing and of the labels on its left, in its own units.
const WIDTH: i64 = 1000;
const LEFT: i64 = 250;
/// Height of a lane.
const LANE: i64 = 26;
/// Most lanes of causes, and most restarts that are drawn.
const LANES: usize = 12;
const MARKS: usize = 400;

/// From when to when the drawing goes, in seconds.
struct Scale {
    from: i64,
    to: i64,
}

impl Scale {
    /// Where a time is drawn, clamped to the drawing.
    fn x(&self, seconds: i64) -> i64 {
        let room = WIDTH - LEFT - 20;
        let at = (seconds - self.from).clamp(0, self.to - self.from);
        LEFT + 10 + at.saturating_mul(room) / (self.to - self.from).max(1)
    }
}

fn seconds(time: Option<&str>) -> Option<i64> {
    Moment::parse(time?).map(|moment| moment.seconds)
}

/// The drawing, or nothing.
pub(super) fn svg(report: &Report) -> String {
    let inputs = report.inputs.iter().flat_map(|i| [&i.first_time, &i.last_time]);
    let causes = report.diagnoses.iter().flat_map(|d| [&d.first_seen, &d.last_seen]);
    let all: Vec<(&str, i64)> = inputs
        .chain(causes)
        .filter_map(|time| time.as_deref())
        .filter_map(|time| Some((time, seconds(Some(time))?)))
        .collect();
    let (Some(first), Some(last)) = (all.iter().min_by_key(|t| t.1), all.iter().max_by_key(|t| t.1)) else {
        return String::new();
    };
    if last.1 - first.1 < 2 || report.diagnoses.is_empty() {
        return String::new();
    }
    let scale = Scale { from: first.1, to: last.1 };
    let dated = crate::report::text::facts::several_days(report);
    let mut lanes = String::new();
    let mut y = 30;
    y = inputs_of(report, &scale, y, &mut lanes);
    y = causes_of(report, &scale, y, &mut lanes);
    y = jobs_of(report, &scale, y, &mut lanes);
    let axis = axis(&scale, (first.0, last.0), dated, y);
    let label = format!("Timeline from {} to {}", numbers::time(first.0, true), numbers::time(last.0, true));
    format!(
        "<figure class=\"timeline\"><figcaption>When</figcaption><div class=\"scroll\" tabindex=\"0\"><svg viewBox=\"0 0 {WIDTH} {}\" \
         role=\"img\" aria-label=\"{}\">\n{axis}{lanes}</svg></div></figure>\n",
        y + 8,
        escaped(&label)
    )
}

fn label(text: &str, y: i64, out: &mut String) {
    let text: String = one_line(text);
    let short: String =
        if text.chars().count() > 34 { text.chars().take(33).chain(['…']).collect() } else { text.clone() };
    out.push_str(&format!(
        "<text class=\"label\" x=\"{}\" y=\"{}\">{}<title>{}</title></text>\n",
        LEFT - 8,
        y + 14,
        escaped(&short),
        escaped(&text)
    ));
}

fn bar(class: &str, (from, to): (i64, i64), y: i64, title: &str, out: &mut String) {
    let width = (to - from).max(6);
    // at the right edge a short bar goes to the left
    let from = from.min(WIDTH - 10 - width);
    out.push_str(&format!(
        "<rect class=\"bar {class}\" x=\"{from}\" y=\"{}\" width=\"{width}\" height=\"14\" rx=\"3\"><title>{}</title></rect>\n",
        y + 3,
        escaped(&one_line(title))
    ));
}

/// What time each log covers.
fn inputs_of(report: &Report, scale: &Scale, mut y: i64, out: &mut String) -> i64 {
    for input in report.inputs.iter().take(4) {
        let (Some(from), Some(to)) = (seconds(input.first_time.as_deref()), seconds(input.last_time.as_deref())) else {
            continue;
        };
        let name = input.path.rsplit(['/', '\\']).next().unwrap_or(&input.path);
        label(name, y, out);
        bar("log", (scale.x(from), scale.x(to)), y, &input.path, out);
        y += LANE;
    }
    y
}

fn causes_of(report: &Report, scale: &Scale, mut y: i64, out: &mut String) -> i64 {
    for d in report.diagnoses.iter().take(LANES) {
        let Some(from) = seconds(d.first_seen.as_deref()) else { continue };
        let to = seconds(d.last_seen.as_deref()).unwrap_or(from);
        label(&d.cause, y, out);
        let headline = if d.headline.is_empty() { &d.title } else { &d.headline };
        let range = numbers::range(d.first_seen.as_deref(), d.last_seen.as_deref(), " – ", false).unwrap_or_default();
        let title = format!("{headline} ({}x, {range})", numbers::count(d.count));
        bar(class(Some(d.confidence)), (scale.x(from), scale.x(to)), y, &title, out);
        if let Some(healthy) = seconds(d.last_healthy.as_deref()) {
            mark("healthy", scale.x(healthy), y, "the source moved", out);
        }
        y += LANE;
    }
    if report.diagnoses.len() > LANES {
        label(&format!("and {} more causes", report.diagnoses.len() - LANES), y, out);
        let rest = report.diagnoses.get(LANES..).unwrap_or_default();
        for d in rest.iter().take(MARKS) {
            let Some(from) = seconds(d.first_seen.as_deref()) else { continue };
            let to = seconds(d.last_seen.as_deref()).unwrap_or(from);
            bar(class(Some(Confidence::Possible)), (scale.x(from), scale.x(to)), y, &d.cause, out);
        }
        y += LANE;
    }
    y
}

/// Restarts: the states that each job entered.
fn jobs_of(report: &Report, scale: &Scale, mut y: i64, out: &mut String) -> i64 {
    for job in report.jobs.iter().filter(|job| !job.changes.is_empty()).take(4) {
        let id = job.id.as_deref().map(crate::report::text::facts::short_id);
        label(&format!("job {}", job.name.clone().or(id).unwrap_or_default()), y, out);
        for change in job.changes.iter().take(MARKS) {
            let Some(at) = seconds(change.time.as_deref()) else { continue };
            let kind = match change.to.as_str() {
                "RUNNING" | "FINISHED" => "healthy",
                "FAILED" | "FAILING" => "failed",
                _ => "other",
            };
            let time = change.time.as_deref().map(|t| numbers::time(t, false)).unwrap_or_default();
            mark(kind, scale.x(at), y, &format!("{} at {time}", change.to), out);
        }
        y += LANE;
    }
    y
}

fn mark(kind: &str, x: i64, y: i64, title: &str, out: &mut String) {
    out.push_str(&format!(
        "<circle class=\"mark {kind}\" cx=\"{x}\" cy=\"{}\" r=\"5\"><title>{}</title></circle>\n",
        y + 10,
        escaped(&one_line(title))
    ));
}

/// Lines at round times, and the first and last time as the logs print them.
fn axis(scale: &Scale, (first, last): (&str, &str), dated: bool, bottom: i64) -> String {
    const STEPS: [i64; 17] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800];
    let span = scale.to - scale.from;
    let step = STEPS.into_iter().find(|step| span / step <= 6).unwrap_or(span.max(1));
    let mut out = String::new();
    let mut at = scale.from - scale.from.rem_euclid(step) + step;
    while at < scale.to {
        let x = scale.x(at);
        let of_day = at.rem_euclid(86_400);
        let clock = format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
        out.push_str(&format!("<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"22\" y2=\"{bottom}\"/>\n"));
        // beside the ends there is no room
        if x - LEFT > 110 && WIDTH - x > 130 {
            out.push_str(&format!("<text class=\"tick\" x=\"{x}\" y=\"15\" text-anchor=\"middle\">{clock}</text>\n"));
        }
        at += step;
    }
    let (first, last) = (numbers::time(first, dated), numbers::time(last, dated));
    out.push_str(&format!("<text class=\"tick end\" x=\"{}\" y=\"15\">{}</text>\n", LEFT + 10, escaped(&first)));
    out.push_str(&format!(
        "<text class=\"tick end\" x=\"{}\" y=\"15\" text-anchor=\"end\">{}</text>\n",
        WIDTH - 10,
        escaped(&last)
    ));
    out
}
