//! Which instances explain which, the roots among them, and their roles.

pub(crate) mod analysis;
pub(crate) mod causes;
pub(crate) mod roots;
pub(crate) mod upstream;
