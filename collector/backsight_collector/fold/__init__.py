"""From journal records to rows of the lake, each event once: what a fold knows, and what it makes."""
