"""The demo: a shop, the traffic of its visitors as a real browser sent it, and questions asked of it afterwards."""
