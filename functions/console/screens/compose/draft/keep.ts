/**
 * Drafts are kept in this browser, each under a key of its own. A draft belongs to the tab that holds its
 * lock, so two tabs never write the same one; a tab that is closed gives its draft back.
 */

import { type Draft, emptyDraft } from './draft.ts';

/** A draft as it is stored. Another version is not read, and not removed. */
interface Stored {
  version: 1;
  savedAt: number;
  /** the Idempotency-Key of its campaign: sent twice, it is one campaign */
  key: string;
  draft: Draft;
}

export interface Kept extends Omit<Stored, 'version'> {
  id: string;
  /** true if it was written earlier, and is continued here */
  isOld: boolean;
  /** gives it back, for other tabs */
  release(): void;
}

const PREFIX = 'volley-draft-';
/** Which draft this tab had, before it was reloaded. */
const OWN = 'volley-draft';
/** Drafts that are kept, the newest, and characters of one. */
const [MOST, MOST_CHARACTERS] = [10, 400_000];
/**
 * How often a reload asks for the lock of the page that it replaces, and the ms between. Answers are counted,
 * since a browser that is busy gives none, and does not release the lock meanwhile.
 */
const [ASKED, EVERY_MS] = [10, 50];

/** The draft that this tab had, else the newest that no other tab has, else a new one. */
export async function openDraft(): Promise<Kept> {
  const own = sessionStorage.getItem(OWN);
  const ids = stored().map(([id]) => id);
  if (own !== null && ids.includes(own)) ids.unshift(own);
  for (const id of new Set(ids)) {
    const release = await hold(id, id === own ? ASKED : 1);
    if (release === null) continue;
    const found = read(id);
    if (found) return owned({ ...found, id, isOld: true, release });
    release();
  }
  return newDraft();
}

/** One that is made from something is kept immediately: a reload goes on with it. */
export async function newDraft(from?: Draft): Promise<Kept> {
  const id = crypto.randomUUID();
  const release = (await hold(id, 1)) ?? (() => {});
  const key = crypto.randomUUID();
  if (from) keep(id, from, key);
  const draft = from ?? emptyDraft();
  return owned({ id, draft, key, savedAt: 0, isOld: false, release });
}

function owned(kept: Kept): Kept {
  sessionStorage.setItem(OWN, kept.id);
  return kept;
}

/** Gives the time, in ms; 'no' if there is no room for it. */
export function keep(id: string, draft: Draft, key: string, now = Date.now()): number | 'no' {
  const text = JSON.stringify({ version: 1, savedAt: now, key, draft } satisfies Stored);
  if (text.length > MOST_CHARACTERS) return 'no';
  try {
    localStorage.setItem(PREFIX + id, text);
  } catch {
    return 'no';
  }
  for (const [old] of stored().slice(MOST)) if (old !== id) forget(old);
  return now;
}

export const forget = (id: string) => localStorage.removeItem(PREFIX + id);

/** All of this version, the newest first. */
function stored(): [id: string, savedAt: number][] {
  const ids = Object.keys(localStorage).filter((it) => it.startsWith(PREFIX));
  return ids
    .flatMap((it): [string, number][] => {
      const id = it.slice(PREFIX.length);
      const found = read(id);
      return found ? [[id, found.savedAt]] : [];
    })
    .sort((a, b) => b[1] - a[1]);
}

/** Null: it is gone, of another version, or damaged. */
function read(id: string): Omit<Stored, 'version'> | null {
  try {
    const it = JSON.parse(localStorage.getItem(PREFIX + id) ?? 'null') as Stored | null;
    if (it?.version !== 1 || typeof it.key !== 'string') return null;
    const empty = emptyDraft();
    const options = { ...empty.options, ...it.draft.options };
    return { ...it, draft: { ...empty, ...it.draft, options } };
  } catch {
    return null;
  }
}

/** A function that releases the lock; null if another tab has it. The browser releases it with the page. */
async function hold(id: string, times: number): Promise<(() => void) | null> {
  for (let left = times; ; left--) {
    const release = await tryToHold(id);
    if (release || left === 1) return release;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function tryToHold(id: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const held = (lock: Lock | null) => {
      if (lock === null) return resolve(null);
      return new Promise<void>((release) => resolve(release));
    };
    navigator.locks.request(PREFIX + id, { ifAvailable: true }, held).catch(() => resolve(null));
  });
}
