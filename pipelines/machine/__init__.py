"""The machine: its cores, its processes, its folders, and the versions of what runs on it."""
