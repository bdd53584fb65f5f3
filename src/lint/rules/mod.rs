//! The rules that look at one record at a time, each in its own file with what, why, and a better way.

pub mod duplicate_id;
pub mod invisible_character;
pub mod long_title;
pub mod missing_field;
pub mod raw_html;
pub mod unknown_record;
pub mod unknown_value;
pub mod unsafe_link;
