-- What is looked for and counted in the record costs no more the longer the record is.

-- With what a search reads in the index, so that a text is looked for in a tenth of the octets.
DROP INDEX message_received;

CREATE INDEX message_received ON message (received_at, id, search);

-- Recipients of whom nothing is sent any more without a delivery: few, and looked for.
CREATE INDEX queue_ended ON queue (state, message_id) WHERE state NOT IN ('queued', 'delivered');

-- What is in hand, to be counted, and to be taken over from an instance that died.
CREATE INDEX queue_leased ON queue (instance) WHERE state = 'queued' AND instance IS NOT NULL;

-- How old the oldest is.
CREATE INDEX queue_oldest ON queue (first_at) WHERE state = 'queued';
