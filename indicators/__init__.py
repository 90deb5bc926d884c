"""The language of the field: records, taxonomies, values, weights, rules, and the shipped catalogue."""
