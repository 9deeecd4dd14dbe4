"""Backsight: autocapture product analytics that binds late."""
