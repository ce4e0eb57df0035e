-- People, logins and rooms. One text for SQLite and MySQL; {{...}} stands for what they spell differently.
CREATE TABLE users (
    user_id {{AUTO_ID}},
    email VARCHAR(254),
    email_key VARCHAR(512) UNIQUE,
    name VARCHAR(40) NOT NULL,
    password_hash VARCHAR(255) NOT NULL,
    created_at_ms BIGINT NOT NULL,
    deleted_at_ms BIGINT
) {{TABLE}};

CREATE TABLE logins (
    login_id {{AUTO_ID}},
    user_id BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    ended_at_ms BIGINT,
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{TABLE}};
CREATE INDEX logins_of_user ON logins (user_id);
CREATE INDEX logins_by_end ON logins (expires_at_ms);

-- What whoever holds sessions polls to learn of logins that were ended.
CREATE TABLE revocations (
    revocation_id {{AUTO_ID}},
    user_id BIGINT NOT NULL,
    login_id BIGINT NOT NULL,
    ended_at_ms BIGINT NOT NULL
) {{TABLE}};
CREATE INDEX revocations_by_time ON revocations (ended_at_ms);

CREATE TABLE rooms (
    room_id {{AUTO_ID}},
    name VARCHAR(80) NOT NULL,
    name_key VARCHAR(240) NOT NULL,
    description VARCHAR(1000) NOT NULL,
    is_private BIGINT NOT NULL,
    password_hash VARCHAR(255),
    creator_id BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    deleted_at_ms BIGINT,
    member_count BIGINT NOT NULL,
    last_change BIGINT NOT NULL,
    FOREIGN KEY (creator_id) REFERENCES users (user_id)
) {{TABLE}};

-- Rows of those who left stay, so that their old messages keep a name.
CREATE TABLE memberships (
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    role BIGINT NOT NULL,
    read_mark BIGINT NOT NULL,
    has_left BIGINT NOT NULL,
    joined_change BIGINT NOT NULL,
    PRIMARY KEY (room_id, user_id),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{KEYED_TABLE}};
CREATE INDEX memberships_of_user ON memberships (user_id, has_left, room_id);

-- The outbox: written with the change itself, deleted once the room's owner has sequenced it.
CREATE TABLE room_changes (
    room_id BIGINT NOT NULL,
    change_number BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    actor_id BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    subject_text VARCHAR(80) NOT NULL,
    role BIGINT NOT NULL,
    PRIMARY KEY (room_id, change_number),
    FOREIGN KEY (room_id) REFERENCES rooms (room_id)
) {{KEYED_TABLE}};
