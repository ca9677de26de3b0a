/** Whether Firestore has the indexes and TTL policies of firestore.indexes.json, and they serve. */

import indexes from '../../firestore.indexes.json' with { type: 'json' };
import { fault, type Result, unknown, well } from './check.ts';

/** https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields */
export interface Field {
  name: string;
  indexConfig?: { indexes?: { state: string }[] };
  ttlConfig?: { state: string };
}

/** Fields with settings of their own, and those with a TTL policy: all that our file asks for. */
export const FIELDS_FILTER = 'indexConfig.usesAncestorConfig:false OR ttlConfig:*';

const TTL = ' (TTL)';

/** `apply`: what makes them. */
export function readyOf(fields: Field[], apply: string): Result {
  const there = new Map(
    fields.map((it) => [it.name.split('/').slice(-3).join('/').replace('/fields/', '.'), it]),
  );
  const missing: string[] = [];
  const building: string[] = [];
  const broken: string[] = [];
  const sort = (name: string, state: string, ready: string) => {
    if (state === 'NEEDS_REPAIR') broken.push(name);
    else if (state !== ready) building.push(name);
  };
  for (const it of indexes.fieldOverrides) {
    const name = `${it.collectionGroup}.${it.fieldPath}`;
    const field = there.get(name);
    const built = field?.indexConfig?.indexes ?? [];
    if (!field || built.length !== it.indexes.length) missing.push(name);
    else for (const { state } of built) sort(name, state, 'READY');
    if (!('ttl' in it && it.ttl)) continue;
    if (!field?.ttlConfig) missing.push(name + TTL);
    else sort(name + TTL, field.ttlConfig.state, 'ACTIVE');
  }
  if (missing.length > 0) return fault(`not as they should be: ${missing.join(', ')}`, apply);
  if (broken.length > 0)
    return fault(
      `could not be built: ${broken.join(', ')}`,
      `Google's way is to delete such a one and make it anew. ${apply}`,
    );
  if (building.length > 0)
    return unknown(
      `still being built: ${building.join(', ')}`,
      'Wait: minutes for a small database, hours for a large one.',
    );
  const expiring = indexes.fieldOverrides.filter((it) => 'ttl' in it && it.ttl).length;
  return well(`all ${indexes.fieldOverrides.length} fields, ${expiring} with a TTL policy`);
}
