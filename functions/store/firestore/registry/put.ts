/**
 * Installations written together with the documents that say which of them has a token.
 *
 * An installation has a token if and only if that token's document names it. Both are read and
 * written together, under their names. The alternative, a query for the token's hash, would save a
 * write for each new installation and a read for each put; but in a transaction it locks what it
 * looks through (the emulator: all installations), and imports side by side would wait for each
 * other.
 */

import type { DocumentReference, DocumentSnapshot } from '@google-cloud/firestore';
import type { Installation } from '../../../model/installation.ts';
import {
  appOf,
  fromInstallation,
  type InstallationFields,
  idOf,
  type TokenFields,
} from '../schema.ts';
import { type Change, readWithin } from './change.ts';
import { markerOf } from './marker.ts';
import type { ByPath, Registry } from './registry.ts';
import { LEFT, leave } from './removal.ts';

/** Which installation has a token: ids by the path of the token's document. */
type Holders = ReadonlyMap<string, string>;

/** `found` are documents of tokens. */
export const holdersOf = (found: DocumentSnapshot[]): Holders =>
  new Map(
    found.flatMap((it): [string, string][] =>
      it.exists ? [[it.ref.path, (it.data() as TokenFields).id]] : [],
    ),
  );

/** An installation to be put, and what is stored under its name and for its token. */
interface Row {
  it: Installation;
  ref: DocumentReference;
  tokenRef: DocumentReference;
  known: DocumentSnapshot | undefined;
  /** the token it has until now */
  old: string | undefined;
  /** the id of the installation that has its token until now */
  holder: string | undefined;
}

/**
 * Puts the installations of a batch. `before` are their documents as this transaction has read them, with
 * all fields. `holders` has those of their tokens; it need not have a token that an installation has already. Returns how many other installations lost their token to one of the
 * batch, and are gone.
 */
export async function put(
  change: Change,
  batch: Installation[],
  before: ByPath,
  holders: Holders,
): Promise<number> {
  const { registry, writes } = change;
  const rows = batch.map((it) => rowOf(registry, it, before, holders));
  const losers = rows.flatMap(({ it, holder }) =>
    holder === undefined || holder === it.id ? [] : registry.schema.installation(it.app, holder),
  );
  const lost = (await readWithin(change, losers, LEFT)).filter((it) => it.exists);
  for (const it of lost) leave(change, { app: appOf(it.id), id: idOf(it.id).id }, it);
  for (const { it, known, old } of rows)
    if (known?.exists && (old !== it.token || known.get('userId') !== it.userId))
      leave(change, it, known);
  const gone = goneWith(registry, rows);
  for (const ref of gone.values()) writes.delete(ref);
  for (const row of rows) write(change, row);
  const removed = lost.filter((it) => gone.has(it.ref.path));
  change.gone.push(...removed.map((it) => it.id));
  return removed.length;
}

function rowOf({ schema }: Registry, it: Installation, before: ByPath, holders: Holders): Row {
  const ref = schema.installation(it.app, it.id);
  const tokenRef = schema.token(it.app, it.token);
  const known = before.get(ref.path);
  const old: string | undefined = known?.get('token');
  const holder = old === it.token ? it.id : holders.get(tokenRef.path);
  return { it, ref, tokenRef, known, old, holder };
}

/**
 * The documents that go when the rows are put, by path: tokens that they had, and other installations
 * that have their tokens. What is put in the same batch stays.
 */
function goneWith({ schema }: Registry, rows: Row[]): Map<string, DocumentReference> {
  const gone = new Map<string, DocumentReference>();
  const add = (ref: DocumentReference) => gone.set(ref.path, ref);
  for (const { it, old, holder } of rows) {
    if (old !== undefined && old !== it.token) add(schema.token(it.app, old));
    if (holder === undefined || holder === it.id) continue;
    add(schema.installation(it.app, holder));
    add(schema.badge(it.app, holder));
  }
  for (const { it, ref, tokenRef } of rows)
    for (const kept of [ref, tokenRef, schema.badge(it.app, it.id)]) gone.delete(kept.path);
  return gone;
}

function write({ registry, writes, readAt }: Change, { it, ref, tokenRef, known, holder }: Row) {
  const before = known?.data() as InstallationFields | undefined;
  const movedAt = movedAtOf(before, it, registry.client.now());
  const fields = { ...fromInstallation(it, before), movedAt };
  const changed = markerOf(ref.id, before, fields, readAt);
  writes.set(ref, { ...fields, changed } satisfies InstallationFields);
  if (holder !== it.id) writes.set(tokenRef, { id: it.id } satisfies TokenFields);
}

/** When its time zone last changed: now (ms), if this write changes it; undefined if it never did. */
const movedAtOf = (
  before: InstallationFields | undefined,
  { timeZone }: Installation,
  now: number,
): number | undefined =>
  before === undefined || before.timeZone === timeZone ? before?.movedAt : now;
