-- What waits for a person, and what persons decided.

-- One row for each message that is held now; whoever deletes it has decided.
CREATE TABLE hold (
  message_id TEXT PRIMARY KEY REFERENCES message (id),
  warn_at BIGINT,             -- NULL once the warning is given
  held_until BIGINT NOT NULL
);

-- Mail held before there were deadlines: twenty hours from the last mail taken, so that none is overdue at once.
INSERT INTO hold (message_id, warn_at, held_until)
SELECT id, (SELECT MAX(received_at) FROM message) + 64800000000, (SELECT MAX(received_at) FROM message) + 72000000000
FROM message WHERE verdict = 'hold';

CREATE TABLE decision (
  id $identity,
  message_id TEXT NOT NULL REFERENCES message (id),
  at BIGINT NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  reason TEXT NOT NULL
);

CREATE INDEX decision_message ON decision (message_id);

-- 1 = on receipt, 2 and on = when it was to be released.
ALTER TABLE finding ADD COLUMN examination INTEGER NOT NULL DEFAULT 1;
