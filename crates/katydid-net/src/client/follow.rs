//! Where does an answer lead, and what does it leave behind? Redirects and cookies of a call.

use katydid_stats::Failure;

use super::call::Call;
use crate::exchange::Answer;

impl Call<'_> {
    pub(super) fn cookies(&self) -> Option<String> {
        None
    }
    pub(super) fn keep_cookies(&self, _answer: &Answer) {}
    pub(super) fn next_hop(&mut self, _answer: &Answer) -> Result<bool, Failure> {
        Ok(false)
    }
}
