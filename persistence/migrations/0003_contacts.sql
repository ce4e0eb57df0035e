-- Whom a user keeps in the address book.
CREATE TABLE contacts (
    user_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, contact_id),
    FOREIGN KEY (user_id) REFERENCES users (user_id),
    FOREIGN KEY (contact_id) REFERENCES users (user_id)
) {{KEYED_TABLE}};
CREATE INDEX contacts_of_contact ON contacts (contact_id);
