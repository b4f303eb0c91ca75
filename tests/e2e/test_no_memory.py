"""A booking process that finds no memory: its n-th own request is refused, for each n (faulty_start.py)."""
from faulty_start import run_faulty_start

run_faulty_start("no memory", "alloc-booking")
