"""Pointing at elements and holding them, without the page's notice."""

from __future__ import annotations


def test_hover_frames_what_would_be_captured(shop):
    """The frame is around the button that is meant, not the icon in it, and says what it is."""
    definer = shop()
    definer.point("#blue circle")
    words, place = definer.frame("hover")
    assert words == "button “Buy”"
    box = definer.page.locator("#blue").bounding_box()
    assert place == [round(box[side]) for side in ("x", "y", "width", "height")]
