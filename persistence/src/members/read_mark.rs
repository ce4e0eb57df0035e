//! How far each member has read.

use moim_wire::{MessageId, RoomId, UserId};

use super::room::Rooms;
use crate::error::Error;
use crate::sql::values;

impl Rooms {
    /// Moves read marks forward, all in one transaction; one that would go back stays, one of no member is nothing.
    ///
    /// # Errors
    /// The store's; none was moved then.
    pub async fn set_read_marks(&self, marks: &[(RoomId, UserId, MessageId)]) -> Result<(), Error> {
        let marks = marks.to_vec();
        self.shared
            .run(|shared| async move {
                let mut transaction = shared.database.write().await?;
                for (room, user, mark) in marks {
                    transaction
                        .execute(
                            "UPDATE memberships SET read_mark = ? WHERE room_id = ? AND user_id = ? AND read_mark < ?",
                            values![mark, room, user, mark],
                        )
                        .await?;
                }
                transaction.commit().await
            })
            .await
    }
}
