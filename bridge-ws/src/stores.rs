//! What of the stores a bridge can reach.

use moim_persistence::{Accounts, MessageStore, Persistence, Search};

/// The accounts, and the messages where this process has their store. A bridge of its own beside an embedded message
/// store has the accounts alone: messages reach its browsers over the trunks all the same.
#[derive(Clone)]
pub struct Stores {
    accounts: Accounts,
    messages: Option<MessageStore>,
    search: Option<Search>,
}

impl Stores {
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub(crate) fn messages(&self) -> Option<&MessageStore> {
        self.messages.as_ref()
    }

    pub(crate) fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }
}

impl From<Persistence> for Stores {
    fn from(persistence: Persistence) -> Self {
        Self {
            accounts: persistence.accounts().clone(),
            messages: Some(persistence.messages().clone()),
            search: persistence.search().cloned(),
        }
    }
}

impl From<Accounts> for Stores {
    fn from(accounts: Accounts) -> Self {
        Self { accounts, messages: None, search: None }
    }
}
