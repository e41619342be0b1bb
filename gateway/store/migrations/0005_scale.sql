-- Searches and claims that do not cost more the longer the record and the queue are.

-- With what a search reads in the index, so that a text is looked for in a tenth of the octets.
DROP INDEX message_received;

CREATE INDEX message_received ON message (received_at, id, search);

-- Recipients of whom nothing is sent any more without a delivery: few, and looked for.
CREATE INDEX queue_ended ON queue (state, message_id) WHERE state NOT IN ('queued', 'delivered');

-- Route by route: the others are found past a million rows of one that hangs.
DROP INDEX queue_claimable;

CREATE INDEX queue_claimable ON queue (route, claimable_at, id) WHERE state = 'queued';

-- What is in hand, to be counted, and to be taken over from an instance that died.
CREATE INDEX queue_leased ON queue (instance) WHERE state = 'queued' AND instance IS NOT NULL;
