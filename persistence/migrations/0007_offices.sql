-- What members keep for their room beside their role. A room has one treasurer, and a member one office.
CREATE TABLE offices (
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    -- 2: treasurer, 3: auditor, as the protocol numbers them; the room in `treasurer_of` of its treasurer alone.
    office BIGINT NOT NULL,
    treasurer_of BIGINT UNIQUE,
    since_ms BIGINT NOT NULL,
    PRIMARY KEY (room_id, user_id),
    CONSTRAINT offices_one_treasurer CHECK ((office = 2) = (treasurer_of IS NOT NULL)),
    FOREIGN KEY (room_id, user_id) REFERENCES memberships (room_id, user_id)
) {{KEYED_TABLE}};
