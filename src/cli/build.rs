//! `faultbook build`.

use super::args::{BuildArgs, Reader};
use super::{Exit, UsageError, load_with_overrides, open, overrides, report, settings, today};
use crate::diag::Diagnostic;
use crate::disk::{self, SiteWriter, Written};
use crate::model::{Audience, SiteUrl};
use crate::render::Page;
use crate::{Built, Choice, Input, LEDGER_FILE, diag, parse};
use anyhow::Context;
use camino::Utf8Path;
use std::collections::BTreeSet;
use std::time::Instant;

/// Builds the site; with an error nothing is published, and what was there stays.
pub fn run(args: &BuildArgs, root: &Utf8Path, quiet: bool) -> anyhow::Result<Exit> {
    let began = Instant::now();
    let input = load_with_overrides(root, own_overrides(args)?, None)?;
    let choice = Choice {
        drafts: args.drafts,
        public: match args.audience {
            Some(reader) => reader == Reader::Public,
            None => settings(root)?.audience == Some(Audience::Public),
        },
        as_of: args.as_of.or(source_date()?),
    };
    let out = match &args.dest_dir {
        Some(folder) => folder.clone(),
        None => root.join(settings(root)?.build_dir),
    };
    let inputs = format!("{} {} {choice:?}", env!("CARGO_PKG_VERSION"), input.fingerprint());
    let unchanged = disk::is_unchanged(root, &out, &inputs).context("could not look at the site")?;
    if let Some(written) = unchanged.filter(|_| !args.publish) {
        if !quiet {
            report::talk(&format!(
                "nothing changed: {out} has {}, {}, looked at in {}",
                report::plural(written.n_same, "file"),
                report::bytes(written.bytes),
                report::duration(began.elapsed()),
            ));
        }
        return finish(args, &out);
    }
    let reading = crate::read(&input.sources, &input.given);
    if stops(args, &reading.found) {
        return Ok(refuse(&reading.found, &input));
    }
    let writer = SiteWriter::begin(root, &out).context("could not write the site")?;
    let put =
        |pages: Vec<Page>| writer.add(pages.iter().map(|page| (page.path.as_str(), page.body.as_slice())));
    let built = crate::build(reading, &input, choice, &put).context("could not build the site")?;
    if stops(args, &built.found) {
        return Ok(refuse(&built.found, &input));
    }
    report::findings(&built.found, &input.sources);
    // A book with findings is always built in full, so that they are told every time.
    let inputs = if built.found.is_empty() { inputs.as_str() } else { "" };
    let written = writer.publish(inputs).context("could not write the site")?;
    if args.publish {
        publish(root, &built, &input)?;
    }
    if !quiet {
        tell(&out, &built, written, began);
    }
    finish(args, &out)
}

/// Whether these findings keep a site from being published.
fn stops(args: &BuildArgs, found: &[Diagnostic]) -> bool {
    if args.strict { !found.is_empty() } else { diag::has_errors(found) }
}

fn refuse(found: &[Diagnostic], input: &Input) -> Exit {
    report::findings(found, &input.sources);
    let (n_errors, n_warnings) = report::count(found);
    report::talk(&format!("nothing was published: {}", report::summary(n_errors, n_warnings)));
    Exit::Findings
}

fn own_overrides(args: &BuildArgs) -> anyhow::Result<Vec<parse::Override>> {
    let mut overrides = overrides();
    if let Some(url) = &args.site_url {
        if SiteUrl::parse(url).is_none() {
            let message = format!("`{url}` is not the address of a site");
            return Err(UsageError::with_hint(message, "an address begins with https:// and names a host"));
        }
        overrides.push((["output", "html", "site-url"].map(str::to_owned).to_vec(), url.clone()));
    }
    Ok(overrides)
}

/// SOURCE_DATE_EPOCH names the day of a build; the clock never does.
pub fn source_date() -> anyhow::Result<Option<crate::model::Date>> {
    std::env::var_os("SOURCE_DATE_EPOCH").map(|_| today()).transpose()
}

/// Adds the addresses of this site to the ledger; one that is there already stays.
fn publish(root: &Utf8Path, built: &Built, input: &Input) -> anyhow::Result<()> {
    let ledger = input.sources.iter().find(|(_, source)| source.path == LEDGER_FILE);
    let earlier = ledger.map_or("", |(_, source)| source.text.as_str());
    let kept = earlier.lines().map(str::trim).filter(|line| !line.is_empty());
    let urls: BTreeSet<&str> = kept.chain(built.urls.iter().map(String::as_str)).collect();
    let text: String = urls.into_iter().map(|url| format!("{url}\n")).collect();
    if text != earlier {
        disk::replace(&root.join(LEDGER_FILE), text.as_bytes())
            .context("could not note the published addresses")?;
    }
    Ok(())
}

fn tell(out: &Utf8Path, built: &Built, written: Written, began: Instant) {
    report::talk(&format!(
        "built {out}: {}, {} ({} new or changed, {} removed), {} in {}",
        report::plural(built.n_records, "record"),
        report::plural(built.n_files, "file"),
        written.n_written,
        written.n_removed,
        report::bytes(written.bytes),
        report::duration(began.elapsed()),
    ));
}

fn finish(args: &BuildArgs, out: &Utf8Path) -> anyhow::Result<Exit> {
    if args.open {
        open::page(&out.join("index.html"))?;
    }
    Ok(Exit::Clean)
}
