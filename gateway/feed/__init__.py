"""Keeps the index fresh: asks the recorder what calls there are, and tells the store.

One worker of all feeds, elected by a lease in the store. The recorder sees one poller, however
many workers there are.
"""
