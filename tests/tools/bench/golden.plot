# Written by make bench WRITE=1: not to be edited.
title Echo servers measured
desc Three plots over the size of a message: round trips a second, MiB a second, and
 CPU seconds per GiB, of the servers that the table on this page has in numbers.
caption Measured on: a machine. The bars show the range of the rounds.
x 1 1 B | 1024 1 KiB
panel Round trips a second: a message there, its echo back
line plain, 1 KiB : 1 20 10 40 | 1024 100 100 100
