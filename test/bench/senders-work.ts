/** What every client of the benchmark sends, and what it is told. */

import type { Message } from '../../functions/model/campaign.ts';

export interface Setup {
  origin: string;
  ca: string;
  /** PEM */
  key: string;
}

export interface Client {
  send(tokens: string[]): Promise<number>;
  close(): unknown;
}

export const apnsIdentity = {
  keyId: 'BENCHKEY01',
  teamId: 'BENCHTEAM1',
  topic: 'com.example.bench',
};
export const PROJECT = 'bench';

export const title = 'The summer timetable is here';
export const body = 'Night trains to the coast start on Friday. Seats from 19 €, while they last.';
export const message: Message = {
  title,
  body,
  ttlSeconds: 14_400,
  priority: 'high',
  sound: 'default',
};
export const COLLAPSE = 'bench';
export const fcmMessage = () => ({
  notification: { title, body },
  android: {
    collapse_key: COLLAPSE,
    priority: 'HIGH',
    ttl: '14400s',
    notification: { tag: COLLAPSE, sound: 'default' },
  },
});

/** `each` for every item, at most `window` at a time. */
export async function windowed<T>(items: T[], window: number, each: (item: T) => Promise<void>) {
  let next = 0;
  const lane = async () => {
    while (next < items.length) await each(items[next++]!);
  };
  await Promise.all(Array.from({ length: window }, lane));
}

export const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
