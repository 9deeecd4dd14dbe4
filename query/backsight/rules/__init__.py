"""Rules and steps: what a question says about raw events, checked, and turned into SQL conditions.

`rule.py` and `steps.py` read them, `predicates.py` what they test; `conditions.py` makes SQL of all of it,
with `properties.py` (what is tested) and `comparisons.py` (how).
"""
