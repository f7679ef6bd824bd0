# Takes memory through Python until something stops it. The memory limit must end the job.
hoard = []
for _ in range(4096):
    hoard.append(b"x" * (1 << 20))
print("ESCAPED: took 4 GiB")
