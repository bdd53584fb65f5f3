//! What a piece of work costs.

use std::time::Instant;

/// A moment, or what was spent since one.
pub struct Cost {
    at: Instant,
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of the processors, all threads together.
    pub cpu: f64,
}

impl Cost {
    /// To be asked later what was spent.
    pub fn now() -> Cost {
        Cost { at: Instant::now(), wall: 0.0, cpu: cpu_seconds() }
    }

    /// What was spent since.
    pub fn elapsed(&self) -> Cost {
        Cost { at: self.at, wall: self.at.elapsed().as_secs_f64(), cpu: cpu_seconds() - self.cpu }
    }
}

/// What this process has used of the processors so far; Linux counts in hundredths.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let ticks =
        |nth: usize| stat.rsplit(')').next().unwrap().split_whitespace().nth(nth).unwrap().parse::<f64>();
    (ticks(11).unwrap() + ticks(12).unwrap()) / 100.0
}
