"""What the recorder's API means. Knows no clock, socket, file, thread, XML or library.

Everything here is a value or a pure function of its arguments; time is always an argument.
"""
