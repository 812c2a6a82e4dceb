"""The machine: its cores, its processes, its folders, and the versions of its software."""
