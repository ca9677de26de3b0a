/** Points in time in requests: RFC 3339, with `Z` or an offset. */

import * as z from 'zod';

const LOCAL = z.iso.datetime({ local: true });

/** The text as it was given. One without an offset fits two dozen points in time, and is refused. */
export const time = z.iso.datetime({
  offset: true,
  error: ({ input }) => {
    // what is missing is said as for every other field
    if (input === undefined) return undefined;
    return LOCAL.safeParse(input).success
      ? `has no time zone: add an offset such as +01:00, or Z for UTC`
      : 'must be a time such as 2030-12-24T18:00:00+01:00';
  },
});

export const timeInMs = time.transform((it) => Date.parse(it));
