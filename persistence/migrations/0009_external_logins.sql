-- Accounts at providers by which somebody logs in here: one of each provider an account, and each of one account.
CREATE TABLE external_logins (
    -- `iss` and `sub` of the provider's tokens.
    issuer VARCHAR(255) NOT NULL,
    subject VARCHAR(255) NOT NULL,
    user_id BIGINT NOT NULL,
    linked_at_ms BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (user_id, issuer),
    FOREIGN KEY (user_id) REFERENCES users (user_id)
) {{KEYED_TABLE}};
