//! A day in the calendar, without a clock and without a time zone.

use std::fmt;

/// A civil date, written `2026-11-24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(time::Date);

impl Date {
    /// The date, if the text is `YYYY-MM-DD` and such a day exists.
    pub fn parse(text: &str) -> Option<Date> {
        let [year, month, day] = text.split('-').collect::<Vec<_>>().try_into().ok()?;
        let number = |part: &str, width: usize| {
            let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        let month = time::Month::try_from(u8::try_from(number(month, 2)?).ok()?).ok()?;
        let day = u8::try_from(number(day, 2)?).ok()?;
        time::Date::from_calendar_date(i32::from(number(year, 4)?), month, day).ok().map(Date)
    }

    /// How many days lie between this day and a later one; negative for an earlier one.
    pub fn days_until(self, later: Date) -> i64 {
        (later.0 - self.0).whole_days()
    }

    /// The day on which `seconds` after 1970-01-01T00:00:00Z fall, in UTC; the shell owns the clock.
    pub fn from_unix_seconds(seconds: i64) -> Option<Date> {
        time::OffsetDateTime::from_unix_timestamp(seconds).ok().map(|moment| Date(moment.date()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}
