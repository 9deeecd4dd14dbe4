"""A made-up site's lake, drawn by numpy a day at a time; the same arguments give the same lake."""
