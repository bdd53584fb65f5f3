//! Files → one zip, the same bytes for the same files.
//!
//! Entries are deflated where that makes them smaller, sorted by name, and carry the first time that a zip can say.
//! Not here: which files, and where the zip goes.

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::Write as _;

/// 1 January 1980, 00:00, as MS-DOS has it.
const TIME: u32 = 0x0021 << 16;
/// Version 2.0: deflate. Version 4.5: more entries than 65,534.
const NEEDS: u16 = 20;
const NEEDS_64: u16 = 45;
/// Names are UTF-8.
const UTF_8: u16 = 1 << 11;
/// A plain file, readable by all, made on a system like Unix.
const MODE: u32 = 0o100_644 << 16;
const BY_UNIX: u16 = 3 << 8;

/// A zip of files, by their paths; `None` where it would be larger than 4 GB.
pub fn zip(files: &[(&str, &[u8])]) -> Option<Vec<u8>> {
    let mut files: Vec<&(&str, &[u8])> = files.iter().collect();
    files.sort();
    let n_files = files.len();
    let mut zip = Vec::new();
    let mut directory = Vec::new();
    for (name, body) in files {
        let at = u32::try_from(zip.len()).ok()?;
        let deflated = deflated(body);
        let (method, packed) = match deflated.len() < body.len() {
            true => (8_u16, deflated.as_slice()),
            false => (0, *body),
        };
        let mut crc = Crc::new();
        crc.update(body);
        let mut about = Vec::new();
        for field in [NEEDS, UTF_8, method] {
            about.extend(field.to_le_bytes());
        }
        for field in [TIME, crc.sum(), u32::try_from(packed.len()).ok()?, u32::try_from(body.len()).ok()?] {
            about.extend(field.to_le_bytes());
        }
        about.extend(u16::try_from(name.len()).ok()?.to_le_bytes());
        about.extend([0; 2]);
        zip.extend(b"PK\x03\x04");
        zip.extend(&about);
        zip.extend(name.as_bytes());
        zip.extend(packed);
        directory.extend(b"PK\x01\x02");
        directory.extend((BY_UNIX | NEEDS).to_le_bytes());
        directory.extend(&about);
        // No comment, on this disk, nothing to say of its text.
        directory.extend([0; 6]);
        directory.extend(MODE.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    end(&mut zip, &directory, n_files)?;
    Some(zip)
}

fn deflated(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // A vector takes all that is written to it; were it not so, the file would be stored.
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.unwrap_or_else(|_| body.to_vec())
}

/// The directory, and where it is.
fn end(zip: &mut Vec<u8>, directory: &[u8], n_files: usize) -> Option<()> {
    let at = u32::try_from(zip.len()).ok()?;
    let size = u32::try_from(directory.len()).ok()?;
    zip.extend(directory);
    let short = u16::try_from(n_files).ok().filter(|n| *n < u16::MAX);
    if short.is_none() {
        let here = u64::try_from(zip.len()).ok()?;
        zip.extend(b"PK\x06\x06");
        zip.extend(44_u64.to_le_bytes());
        zip.extend((BY_UNIX | NEEDS_64).to_le_bytes());
        zip.extend(NEEDS_64.to_le_bytes());
        zip.extend([0; 8]);
        for _ in ["on this disk", "in all"] {
            zip.extend(u64::try_from(n_files).ok()?.to_le_bytes());
        }
        zip.extend(u64::from(size).to_le_bytes());
        zip.extend(u64::from(at).to_le_bytes());
        zip.extend(b"PK\x06\x07");
        zip.extend([0; 4]);
        zip.extend(here.to_le_bytes());
        zip.extend(1_u32.to_le_bytes());
    }
    zip.extend(b"PK\x05\x06");
    zip.extend([0; 4]);
    for _ in ["on this disk", "in all"] {
        zip.extend(short.unwrap_or(u16::MAX).to_le_bytes());
    }
    zip.extend(size.to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend([0; 2]);
    Some(())
}
