"""Plain values and rules of Easel: the standard library only, no I/O, no clock, no await."""
