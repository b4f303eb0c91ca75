"""A booking process whose n-th call of a library or of the system fails (tests/calls/library_calls.def), for each n
(faulty_start.py)."""
from faulty_start import run_faulty_start

run_faulty_start("calls while starting", "calls-booking")
