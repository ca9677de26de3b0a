/** Segments: the saved audiences that an audience names. */

interface Combined {
  segment?: string | undefined;
  and?: Combined[] | undefined;
  or?: Combined[] | undefined;
  not?: Combined | undefined;
}

/** The names of the segments in an audience, each once. */
export function segmentsIn({ segment, and = [], or = [], not }: Combined): string[] {
  const inner = [...and, ...or, ...(not ? [not] : [])].flatMap(segmentsIn);
  return [...new Set([...(segment === undefined ? [] : [segment]), ...inner])];
}
