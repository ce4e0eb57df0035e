//! How far each member has read.

use moim_wire::{MessageId, RoomId, UserId};

use super::room::Rooms;
use crate::error::Error;
use crate::sql::{transact, values};

impl Rooms {
    /// Moves read marks forward, all in one transaction; one that would go back stays, one of no member is nothing.
    ///
    /// # Errors
    /// The store's; none was moved then.
    pub async fn set_read_marks(&self, marks: &[(RoomId, UserId, MessageId)]) -> Result<(), Error> {
        let mut marks = marks.to_vec();
        // In one order, so that two such transactions wait for each other in one direction alone.
        marks.sort_unstable();
        self.shared
            .run(|shared| async move {
                transact!(shared.database.write_repeatable(), |transaction| {
                    for &(room, user, mark) in &marks {
                        let sql = "UPDATE memberships SET read_mark = ?
                                   WHERE room_id = ? AND user_id = ? AND read_mark < ?";
                        transaction.execute(sql, values![mark, room, user, mark]).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
