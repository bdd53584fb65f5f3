//! An alert's page leads to one record; two records that claim it would take turns.
//!
//! Bad: `alerts: [DiskFull]` in two records. Better: in the one that somebody who is woken needs first.

use crate::diag::{Code, Diagnostic};
use crate::lint::Context;
use crate::parse::ParsedRecord;

pub fn check(ctx: &Context, record: &ParsedRecord, found: &mut Vec<Diagnostic>) {
    for alert in record.alerts.iter().filter(|alert| ctx.is_alert_claimed_twice(&alert.value)) {
        let message = format!("the alert `{}` is claimed twice", alert.value.as_str());
        found.push(
            Diagnostic::error(Code::DuplicateAlert, alert.span, message)
                .hint("one record has the alert, and names the others under `related`"),
        );
    }
}
