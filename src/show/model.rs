//! Models as a notebook shows them: what they are, how they are set, and how the chosen one did.

use crate::model::{Chosen, Estimator};

use super::table::escape;
use super::{Bundle, Show, mime};

impl Show for Estimator {
    fn bundle(&self) -> Bundle {
        let (name, settings) = (self.name(), self.settings());
        let html = format!("<div><b>{name}</b>: {}</div>", escape(&settings));
        Bundle::text(format!("{name}: {settings}")).with(mime::HTML, html)
    }
}

impl Show for Chosen {
    fn bundle(&self) -> Bundle {
        let candidate = self.candidate();
        let scores = self.scores();
        let numbers = format!(
            "AUC {:.3}, log loss {:.4}, Brier score {:.4} on the test rows; fitted in {:.1} s",
            scores.auc, scores.log_loss, scores.brier, candidate.fit_seconds
        );
        let text = format!(
            "{}: {}\n{numbers}\n{}",
            self.name(),
            candidate.settings,
            self.reason()
        );
        let html = format!(
            "<div><b>{}</b>: {}</div><div>{numbers}</div><div style=\"opacity:.8\">{}</div>",
            escape(self.name()),
            escape(&candidate.settings),
            escape(self.reason())
        );
        Bundle::text(text).with(mime::HTML, html)
    }
}
