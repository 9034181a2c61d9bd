//! The fields of one report of a sale.

/// Names and values in the order in which they are sent; a name may come twice.
#[derive(Clone)]
pub(crate) struct Sale(Vec<(&'static str, Vec<u8>)>);

impl Sale {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// With another value, at its place, or at the end where there was none.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref().to_vec();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
        self
    }

    /// With one more value at the end.
    #[must_use]
    pub(crate) fn and(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.0.push((name, value.as_ref().to_vec()));
        self
    }

    /// With one more value before all others.
    #[must_use]
    pub(crate) fn after(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.0.insert(0, (name, value.as_ref().to_vec()));
        self
    }

    /// Without a field.
    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| *known != name);
        self
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.0.iter().map(|(name, value)| (*name, value.as_slice()))
    }
}
