"""Asks the recorder: sessions that keep nothing, deadlines, nodes. Knows no XML and no index."""
