/** Times are shown in the zone of the machine: tests read the same on all of them. */
process.env.TZ = 'UTC';
