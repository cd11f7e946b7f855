//! Moments of a wave at which a fault happens.

use std::{fmt, time::Duration};

use anyhow::{Result, ensure};
use silhouette_tests::harness::waiting::eventually;

use super::wave::Wave;

/// What a wave's rounds are at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Workers publish.
    Publish,
    /// The last workers publish, and rounds are about to be sealed.
    Seal,
    /// A round is sealed, and members encode it.
    Encode,
    /// A round is Ready, and its key is about to be destroyed.
    Shred,
}

impl Stage {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Publish, Self::Seal, Self::Encode, Self::Shred];
}

/// A stage, and how long after it is reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    stage: Stage,
    /// For publishing: of a hundred parts of all bytes, how many are durable.
    percent: u64,
    after: Duration,
}

impl Moment {
    /// A random moment of a stage.
    pub(crate) fn of(stage: Stage, random: &mut fastrand::Rng) -> Self {
        let longest = match stage {
            Stage::Publish => 1,
            Stage::Seal | Stage::Encode => 50,
            Stage::Shred => 200,
        };
        Self { stage, percent: random.u64(0..90), after: Duration::from_millis(random.u64(0..longest)) }
    }

    /// Waits until it has come. The stage is waited for as a state; the rest is the schedule's randomness.
    pub(crate) async fn comes(self, wave: &Wave) -> Result<()> {
        eventually("the wave gets that far", async || {
            let view = wave.view();
            let here = match self.stage {
                Stage::Publish => view.durable_percent >= self.percent,
                Stage::Seal => view.publications_left <= 1,
                Stage::Encode => view.sealed,
                Stage::Shred => view.ready,
            };
            ensure!(here, "it is at {view:?}");
            Ok(())
        })
        .await?;
        tokio::time::sleep(self.after).await;
        Ok(())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Publish => write!(f, "when {} % are published", self.percent),
            Stage::Seal => write!(f, "{:?} after the last but one publication", self.after),
            Stage::Encode => write!(f, "{:?} after a round is sealed", self.after),
            Stage::Shred => write!(f, "{:?} after a round is Ready", self.after),
        }
    }
}
