//! Numbers of what is stored, each a type of its own, from 1 and below 2^53.

/// Types of such numbers.
macro_rules! numbers {
    ($($(#[$what:meta])* $name:ident;)*) => {
        $($(#[$what])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for $crate::sql::Value {
            fn from(number: $name) -> Self {
                Self::from(number.0)
            }
        })*
    };
}

pub(crate) use numbers;
