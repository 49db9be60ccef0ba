//! Temporary.
use bson::raw::RawDocument;
use std::cmp::Ordering;
pub(crate) struct Order;
pub(crate) type SortKey = Vec<u8>;
impl Order {
    pub(crate) fn new(_: &[(String, bool)]) -> Order {
        Order
    }
    pub(crate) fn key(&self, _: &RawDocument) -> Result<SortKey, bson::error::Error> {
        Ok(Vec::new())
    }
    pub(crate) fn compare(&self, _: &SortKey, _: &SortKey) -> Ordering {
        Ordering::Equal
    }
}
