//! What is known of the runs of a record's check. Computed from committed results, never written by an author.

use super::Date;
use std::collections::BTreeMap;

/// What a run of the check showed, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The failure is there.
    Present,
    /// The failure is gone, and what must hold after a repair holds.
    Fixed,
    /// The symptom is gone, and yet it is not repaired: a wrong fix hides it.
    Masked,
    /// The symptom is gone after a fix, but what must hold does not.
    Incomplete,
    /// A script did not finish, or a program was missing; nothing is proved.
    CannotTell,
    /// The failure is not there.
    Absent,
    /// The failure is still there, where a repair was looked for.
    NotFixed,
    /// The check itself is broken: it contradicts itself.
    Error,
}

impl Verdict {
    /// Every verdict with the word that JSON and reports write.
    pub const ALL: &'static [(Verdict, &'static str)] = &[
        (Verdict::Present, "PRESENT"),
        (Verdict::Fixed, "FIXED"),
        (Verdict::Masked, "MASKED"),
        (Verdict::Incomplete, "INCOMPLETE"),
        (Verdict::CannotTell, "CANNOT_TELL"),
        (Verdict::Absent, "ABSENT"),
        (Verdict::NotFixed, "NOT_FIXED"),
        (Verdict::Error, "ERROR"),
    ];

    /// The word that JSON and reports write.
    pub fn name(self) -> &'static str {
        Verdict::ALL.iter().find(|(verdict, _)| *verdict == self).map_or("", |(_, name)| name)
    }
}

/// One state in which the check was run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellName {
    /// After `setup` alone.
    Broken,
    /// After `setup` and the commands of `fix`.
    Fixed,
    /// After `setup` and the commands of one of `other_fixes`, counted from 1.
    OtherFix(usize),
    /// After `setup` and the command of one wrong fix, by its id.
    WrongFix(String),
    /// A further state of the long form, by its name.
    State(String),
}

impl CellName {
    /// Whether the law of proof is content with this verdict here: the broken state shows the failure, a fix
    /// repairs it, a wrong fix does not. A further state may come to whatever its author expects.
    pub fn accepts(&self, verdict: Verdict) -> bool {
        match self {
            CellName::Broken => verdict == Verdict::Present,
            CellName::Fixed | CellName::OtherFix(_) => verdict == Verdict::Fixed,
            CellName::WrongFix(_) => {
                matches!(verdict, Verdict::Present | Verdict::Masked | Verdict::Incomplete)
            }
            CellName::State(_) => true,
        }
    }

    /// Whether the cell is one of a printed fix.
    pub fn is_fix(&self) -> bool {
        matches!(self, CellName::Fixed | CellName::OtherFix(_))
    }
}

impl std::fmt::Display for CellName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CellName::Broken => f.write_str("broken"),
            CellName::Fixed => f.write_str("fixed"),
            CellName::OtherFix(nth) => write!(f, "other-fix/{nth}"),
            CellName::WrongFix(id) => write!(f, "wrong-fix/{id}"),
            CellName::State(name) => f.write_str(name),
        }
    }
}

/// Where a record's check stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProofState {
    /// The committed result belongs to this very check, and every cell came out as it must.
    Tested,
    /// The check or a printed command changed since the committed result.
    Outdated,
    /// The last run did not come out as it must.
    Failing,
    /// No result is committed.
    Never,
    /// The record has no check that could be run in a state of its own.
    Untestable,
}

impl ProofState {
    /// Every state.
    pub const ALL: [ProofState; 5] = [
        ProofState::Tested,
        ProofState::Outdated,
        ProofState::Failing,
        ProofState::Never,
        ProofState::Untestable,
    ];

    /// The word for it, in every format.
    pub fn name(self) -> &'static str {
        match self {
            ProofState::Tested => "tested",
            ProofState::Outdated => "outdated",
            ProofState::Failing => "failing",
            ProofState::Never => "never",
            ProofState::Untestable => "untestable",
        }
    }
}

/// What a page may claim of a record's check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The state, computed from digests and cells.
    pub state: ProofState,
    /// The day of the run, where there is one.
    pub date: Option<Date>,
    /// The operating system and processor of the run, such as `linux x86_64`.
    pub platform: Option<String>,
    /// What happened in each state that was run.
    pub cells: BTreeMap<CellName, Verdict>,
    /// What a reader gives trust to: the digest of what runs where a folder is examined.
    pub check_digest: Option<String>,
    /// Whether real programs ran, or something stood for them.
    pub executed: bool,
    /// What was enforced around programs, such as `fs+net`.
    pub sandbox: Option<String>,
    /// Changed checks that some state noticed, and how many there were.
    pub mutants: Option<(usize, usize)>,
    /// Broken states of other records that the check called its own.
    pub false_positives: Option<usize>,
}

impl Proof {
    /// A proof without a run.
    pub fn without_run(state: ProofState) -> Proof {
        Proof {
            state,
            date: None,
            platform: None,
            cells: BTreeMap::new(),
            check_digest: None,
            executed: false,
            sandbox: None,
            mutants: None,
            false_positives: None,
        }
    }

    /// How many wrong fixes were really run and did not repair the failure, while every printed fix that was
    /// run did: a state in which nothing could help proves nothing. What was modelled counts for nothing.
    pub fn n_refuted(&self) -> usize {
        if !self.executed {
            return 0;
        }
        let mut fixes = self.cells.iter().filter(|(name, _)| name.is_fix()).peekable();
        let proved = fixes.peek().is_some() && fixes.all(|(name, verdict)| name.accepts(*verdict));
        let refuted = |(name, verdict): &(&CellName, &Verdict)| {
            matches!(name, CellName::WrongFix(_)) && name.accepts(**verdict)
        };
        if proved { self.cells.iter().filter(refuted).count() } else { 0 }
    }
}
