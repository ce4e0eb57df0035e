//! How far each member has read.

use moim_wire::{MessageId, RoomId, UserId};

use super::room::Rooms;
use crate::error::Error;
use crate::sql::{Statement, Value, pieces, transact};

/// Marks of one statement. Each row is compared with all of them, so that many more would cost more than they spare.
const MARKS_MAX: usize = 16;

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
                    for piece in pieces(&marks, MARKS_MAX) {
                        let sql = Statement::from("UPDATE memberships SET read_mark = CASE ")
                            .repeat("WHEN room_id = ? AND user_id = ? AND read_mark < ? THEN ?", " ", piece.len())
                            .then(" ELSE read_mark END WHERE ")
                            // Every server finds these by the key; not all do with a list of pairs.
                            .repeat("(room_id = ? AND user_id = ?)", " OR ", piece.len());
                        let mut values: Vec<Value> = Vec::with_capacity(6 * piece.len());
                        for &(room, user, mark) in piece {
                            values.extend([room.into(), user.into(), mark.into(), mark.into()]);
                        }
                        values.extend(piece.iter().flat_map(|&(room, user, _)| [room.into(), user.into()]));
                        transaction.execute(sql, &values).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
