return add(asked.jobs)
