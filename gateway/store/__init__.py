"""The record: messages, queue, sellers; shared SQL, one driver a database."""
