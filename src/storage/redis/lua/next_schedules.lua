local ids = call('ZRANGE', upcoming, '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, asked.limit)
hand_over(read(schedules, ids))
return #ids
