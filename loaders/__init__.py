"""Files in, official forms in and out: bytes to records and back. No database."""
