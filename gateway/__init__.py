"""Callgate: a gateway in front of a call recorder. Read `gateway/pipeline.py` first."""
