"""The store: SQL is the truth; every write leaves a revision and an outbox row in its transaction."""
