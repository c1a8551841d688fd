"""Runs that are kept: what they measured, so that they can be shown, reported and compared later.

`keeper` keeps a run of the command, `about` says what is known of it beside its measurements, `report`
makes a report of one that is over, and `pages` serves them to browsers. `collector` tells others of a run
while it goes on. Everything that touches a database or a collector is native.
"""
