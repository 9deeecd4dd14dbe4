"""The collector's door: receive, check, journal, and only then 200."""
