//! The rules, each in its own file with what, why, and a better way.

pub mod duplicate_alert;
pub mod duplicate_id;
pub mod future_date;
pub mod image;
pub mod invisible_character;
pub mod long_title;
pub mod lost_keyword;
pub mod missing_field;
pub mod near_duplicate;
pub mod raw_html;
pub mod redundant_probe;
pub mod shallow_history;
pub mod stolen_query;
pub mod unknown_record;
pub mod unknown_value;
pub mod unsafe_link;
pub mod version_range;
