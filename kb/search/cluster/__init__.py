"""The second search engine: an OpenSearch cluster, scored with the same arithmetic as the embedded index."""
