//! `faultbook verify --self-test --harvest`: real output of real failures, kept beside the records.
//!
//! In: self-tests that have run. Out: `observed/broken.txt` of each record, and a line for each. A record that has no
//! folder of its own gets one: only there can files belong to it.

use super::selftest::in_order;
use super::{from_here, report};
use crate::disk;
use crate::model::Record;
use crate::verify::{Around, Folders, Harvest, Host, SelfTest, Versions, harvest, is_same};
use anyhow::Context;
use camino::{Utf8Path, Utf8PathBuf};

/// The file of a record's broken state.
const NAME: &str = "observed/broken.txt";

/// Where the book lies, and where its records do inside it.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    pub root: &'p Utf8Path,
    pub src: &'p Utf8Path,
}

/// Harvests each check once; what differs only in what always differs is left as it is.
pub fn run(
    tests: &[SelfTest],
    records: &[&Record],
    place: Place<'_>,
    host: &Host,
    n_jobs: usize,
) -> anyhow::Result<()> {
    let work = |test: &SelfTest| -> anyhow::Result<Harvest> {
        let record = records.iter().find(|record| record.id == test.id).context("a record was tested")?;
        let folders: Folders = disk::fixtures(place.root, &record.path)?;
        let versions = Versions::default();
        let around = Around { host, versions: &versions, documents: crate::documents(), folders: &folders };
        Ok(harvest(test, around)?)
    };
    in_order(tests, n_jobs, work, |test, harvested| {
        let record = records.iter().find(|record| record.id == test.id).context("a record was tested")?;
        let line = match harvested.with_context(|| format!("could not harvest `{}`", test.id))? {
            Harvest::Words(text) => keep(place, &record.path, NAME, &text)
                .with_context(|| format!("could not keep the output of `{}`", test.id))?,
            Harvest::Nothing(why) => format!("nothing    {}: {}", test.id, report::shown(&why)),
        };
        report::talk(&line);
        Ok(())
    })
}

/// Writes the words where they differ from those that are there; what was done.
///
/// - `name`: the file, inside the record's own folder
pub fn keep(place: Place<'_>, record: &Utf8Path, name: &str, text: &str) -> anyhow::Result<String> {
    let root = place.root;
    let Some(folder) = place.own_folder(record) else {
        let folder = record.with_extension("");
        if root.join(&folder).exists() {
            return Ok(format!(
                "nothing    {record}: its folder would be `{folder}`, which is there already"
            ));
        }
        let path = folder.join(name);
        write(root, &path, text)?;
        let ending = if record.extension() == Some("md") { "md" } else { "yaml" };
        let moved = folder.join(format!("record.{ending}"));
        disk::rename(&root.join(record), &root.join(&moved))?;
        return Ok(format!("harvested  {}, and {record} is {moved} now", from_here(root, &path)));
    };
    let path = folder.join(name);
    let there = disk::beside(root, path.as_str())?.map(|source| source.text);
    if there.is_some_and(|there| is_same(&there, text)) {
        return Ok(format!("as before  {}", from_here(root, &path)));
    }
    write(root, &path, text)?;
    Ok(format!("harvested  {}", from_here(root, &path)))
}

impl Place<'_> {
    /// The folder that belongs to a record alone.
    pub fn own_folder(self, record: &Utf8Path) -> Option<Utf8PathBuf> {
        let folder = record.parent().filter(|_| record.file_stem() == Some("record"))?;
        (folder != self.src).then(|| folder.to_owned())
    }
}

fn write(root: &Utf8Path, path: &Utf8Path, text: &str) -> Result<(), disk::DiskError> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        disk::make_folder(root, folder)?;
    }
    disk::replace(&path, text.as_bytes())
}
