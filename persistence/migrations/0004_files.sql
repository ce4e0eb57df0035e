-- Files that people uploaded; their bytes are elsewhere, under object_key. state: 0 bytes are coming, 1 stored, 2 to be
-- removed. A row is there before its bytes and after them.
CREATE TABLE files (
    file_id {{AUTO_ID}},
    object_key VARCHAR(64) NOT NULL,
    state BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    room_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    content_type VARCHAR(127) NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{TABLE}};
CREATE INDEX files_of_user ON files (user_id);
CREATE INDEX files_of_room ON files (room_id, file_id);
CREATE INDEX files_by_state ON files (state, file_id);
