"""The rule pack: what a reviewer would object to in a target table, as data and small checks.

``check.default_pack`` gives the rules, ``facts.read_table`` reads a draft once, and
``check.check_table`` gives the findings. A rule's words, thresholds and cases stand in
``catalogue/rules/_*.yaml``; code stands here only where structure or statistics are needed.
"""
