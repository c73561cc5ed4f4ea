"""A call recorder to develop, demonstrate and test against: the recorder's API with state behind.

It is an independent reading of the recorder's API and imports nothing from the other rooms, so
that it can contradict the gateway. Begin with `application.py`; `flow.py` makes the calls.
"""
