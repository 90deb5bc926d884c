"""The knowledge base: store, search, and what a door may ask of them."""
