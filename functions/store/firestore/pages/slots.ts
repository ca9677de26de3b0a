/** Pages as they were found: what can be used of each, and what is known for writing it. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { chunked } from '../../../lib/chunked.ts';
import { BUCKETS, type BucketRange } from '../../../model/bucket.ts';
import { DAY_MS } from '../../../model/timing.ts';
import type { Client } from '../client.ts';
import type { PageFields, Schema } from '../schema.ts';
import { FORMAT } from './codec.ts';
import { indexOf, type Layout, rangeOf } from './layout.ts';
import { CELLS, LANDED_MS } from './markers.ts';

/** Pages read in one call. The first are few: what comes of them is waited for. */
const [FIRST, TOGETHER] = [4, 16];

export interface Slot extends BucketRange {
  cell: string;
  found: DocumentSnapshot;
  /** when it was read, before anything that is laid over it (ms, Firestore's clock) */
  readAt: number;
  /** when it was written (ms, Firestore's clock); null: it is absent */
  page: (Required<Pick<PageFields, 'through' | 'n' | 'rows'>> & { writtenAt: number }) | null;
}

/** The pages in whose ranges a part of `range` lies, in order, as many as are read at a time. */
export async function* slotsIn(
  client: Client,
  schema: Schema,
  { app, level, from }: Layout,
  range: BucketRange,
  lifeDays: number,
): AsyncGenerator<Slot[]> {
  const first = indexOf(level, range.from);
  const all = Array.from({ length: indexOf(level, range.to - 1) - first + 1 }, (_, i) => first + i);
  for (const some of [all.slice(0, FIRST), ...chunked(all.slice(FIRST), TOGETHER)]) {
    if (some.length === 0) return;
    const found = await client.get(some.map((index) => schema.page(app, level, index)));
    yield found.map((it, i) => slotOf(client, it, rangeOf(level, some[i]!), { lifeDays, from }));
  }
}

function slotOf(
  client: Client,
  found: DocumentSnapshot,
  range: BucketRange,
  limits: { lifeDays: number; from: number },
): Slot {
  const readAt = client.readAt(found);
  const { through, n, rows } = known(client, found, limits) ?? {};
  const cell = CELLS[Math.floor(range.from / (BUCKETS / CELLS.length))]!;
  const page = rows
    ? {
        through: through!,
        n: n!,
        rows,
        writtenAt: client.readAt({ readTime: found.updateTime! }),
      }
    : null;
  return { ...range, cell, found, readAt, page };
}

/** What a page knows, if that can be used. Only one that is empty, or read without them, has no rows. */
export function known(
  client: Client,
  found: DocumentSnapshot,
  { lifeDays, from }: { lifeDays: number; from: number },
): Pick<PageFields, 'through' | 'n' | 'rows'> | null {
  const readAt = client.readAt(found);
  const { format, through, n, rows } = (found.data() ?? {}) as Partial<PageFields>;
  // else a planner read it while something wrote without markers, and wrote it after pages were deleted
  const isTrusted = through! + LANDED_MS >= from && through! <= readAt;
  const isUsable = format === FORMAT && isTrusted && through! > readAt - lifeDays * DAY_MS;
  return isUsable ? { through: through!, n: n!, ...(rows && { rows }) } : null;
}
