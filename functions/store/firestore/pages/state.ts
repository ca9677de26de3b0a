/** What there is of pages: for people who look after them. */

import type { PagesState } from '../../../ports/ports.ts';
import type { Client } from '../client.ts';
import { documentsOf } from '../documents.ts';
import { appName, appOf, BY_NAME, END, type LayoutFields, type Schema } from '../schema.ts';
import { averageOf, sampledPages } from './size.ts';

/** Apps that are told of, and read in one query. */
const APPS = 50;

/** Of each app with a layout, at most 50: costs nine reads for each, and one for each 1,000 pages. */
export async function pagesState(client: Client, schema: Schema): Promise<PagesState[]> {
  const all: PagesState[] = [];
  for await (const page of documentsOf(client, schema.layouts.orderBy(BY_NAME).limit(APPS)))
    for (const found of page) {
      if (all.length === APPS) return all;
      const { level, from } = found.data() as LayoutFields;
      all.push(await stateOf(client, schema, { app: appOf(found.id), level, from }));
    }
  return all;
}

async function stateOf(
  client: Client,
  schema: Schema,
  { app, level, from }: { app: string; level: number; from: number },
): Promise<PagesState> {
  const of = 2 ** level;
  const start = [appName(app), String(level).padStart(2, '0'), ''].join(END);
  const there = schema.pages.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`).limit(of);
  const { count } = (await client.read(() => there.count().get())).data();
  const sample = await sampledPages(client, schema, { app, level });
  const throughs = sample.map((it) => it.through);
  return {
    app,
    pages: count,
    of,
    builtFrom: from,
    oldest: throughs.length > 0 ? Math.min(...throughs) : null,
    installations: sample.length > 0 ? Math.round(averageOf(sample) * of) : null,
  };
}
