"""Chinese full-text search: characters match, words rank."""
