"""The demo: a shop, its visitors' traffic as a real browser sent it, and questions asked of it afterwards."""
